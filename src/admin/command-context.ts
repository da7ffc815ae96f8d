import { actorOf, covers, type Administrator } from '../accounts/administrators.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Services } from '../services.ts'

/** What a command works with. Settings and services are opened when a command first needs them. */
export interface CommandContext {
  readonly clock: Clock
  /** The administrator, for the audit log: `administrator:<name>`. */
  readonly actor: string
  /** The remote administrator; undefined on the server itself. */
  readonly administrator: Administrator | undefined
  /** Whether the administrator may see objects of this region. Undefined: objects of the whole province. */
  sees(region: string | undefined): boolean
  /** @throws SettingsError */
  settings(): Promise<Settings>
  /** @throws SettingsError */
  services(): Promise<Services>
  /** Shows the progress of a long command on a terminal. */
  progress(done: number, total: number): void
  /** Tells the person at the terminal what to do while the command waits. */
  say(lines: readonly string[]): void
  /** Asks the person at the terminal; false where there is no terminal. */
  confirm(question: string): Promise<boolean>
  /** Closes the services, if they were opened. */
  close(): Promise<void>
}

export type AdministratorContext = CommandContext & { administrator: Administrator }

/** The context of a command on the server itself. */
export function createCommandContext(options: {
  environment: Record<string, string | undefined>
  /** The file with the settings of the service; those of `environment` come first. */
  environmentFile?: string
  /** True for tests: a command makes the store that is missing. Otherwise only a start of the server makes it. */
  makesStore?: boolean
  clock: Clock
  actor: string
  progress?: CommandContext['progress']
  say?: CommandContext['say']
  confirm?: CommandContext['confirm']
  /** Called where a change could not be published to the running servers. */
  publishFailed?: (error: unknown) => void
}): CommandContext {
  const { environment, clock, actor } = options
  const { progress = () => undefined, say = () => undefined, publishFailed = () => undefined } = options
  const { confirm = async () => false, environmentFile, makesStore = false } = options
  let settings: Promise<Settings> | undefined
  let services: Promise<Services> | undefined

  // loaded on first use: the help of commands must not wait for a store
  const readNow = async () => {
    const { readSettings } = await import('../config/settings.ts')
    if (environmentFile === undefined) return readSettings(environment)
    const { readEnvironmentFile, trustOwnAuthority } = await import('../config/environment-file.ts')
    const file = readEnvironmentFile(environmentFile)
    if (!environment['NODE_EXTRA_CA_CERTS']) trustOwnAuthority(file['NODE_EXTRA_CA_CERTS'])
    return readSettings({ ...file, ...environment })
  }
  const openNow = async () => {
    const read = await context.settings()
    const { needStore } = await import('../storage/need-store.ts')
    if (!makesStore) await needStore(read)
    const { openServices } = await import('../services.ts')
    const { namingSetting } = await import('../config/machine-errors.ts')
    return openServices(read, clock, { publishFailed }).catch((error: unknown) => {
      throw namingSetting(error, read)
    })
  }

  const context: CommandContext = {
    clock,
    actor,
    progress,
    say,
    confirm,
    administrator: undefined,
    sees: () => true,
    settings: () => (settings ??= readNow()),
    services: () => (services ??= openNow()),
    async close() {
      const opened = await services?.catch(() => undefined)
      await opened?.close()
    },
  }
  return context
}

/** The context of a remote administrator, on the open services of a server. */
export function remoteContext(services: Services, administrator: Administrator): AdministratorContext {
  return {
    clock: services.clock,
    actor: actorOf(administrator.personId),
    administrator,
    progress: () => undefined,
    say: () => undefined,
    confirm: async () => false,
    sees: (region) => covers(administrator, region),
    settings: async () => services.settings,
    services: async () => services,
    close: async () => undefined,
  }
}
