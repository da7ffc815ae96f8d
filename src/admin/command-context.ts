import { actorOf, covers, type Administrator } from '../accounts/administrators.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Services } from '../services.ts'

/** What an administrator works with. Settings and house are opened when a command first asks for them. */
export interface CommandContext {
  readonly clock: Clock
  /** Who does it, for the audit trail: `administrator:<name>`. */
  readonly actor: string
  /** Who works from afar; undefined on the server itself. */
  readonly administrator: Administrator | undefined
  /** Whether what lies in a region is shown to them; undefined: it belongs to the whole house. */
  sees(region: string | undefined): boolean
  /** @throws SettingsError */
  settings(): Promise<Settings>
  /** @throws SettingsError */
  services(): Promise<Services>
  /** Shows how far a long command is, where somebody looks. */
  progress(done: number, total: number): void
  /** Says what somebody has to do meanwhile. */
  say(lines: readonly string[]): void
  /** Asks whoever is at the terminal; no where there is none. */
  confirm(question: string): Promise<boolean>
  /** Closes what was opened. */
  close(): Promise<void>
}

export type AdministratorContext = CommandContext & { administrator: Administrator }

export function createCommandContext(options: {
  environment: Record<string, string | undefined>
  clock: Clock
  actor: string
  progress?: CommandContext['progress']
  say?: CommandContext['say']
  confirm?: CommandContext['confirm']
  /** Told where running servers could not be told of a change. */
  publishFailed?: (error: unknown) => void
}): CommandContext {
  const { environment, clock, actor } = options
  const { progress = () => undefined, say = () => undefined, publishFailed = () => undefined } = options
  const { confirm = async () => false } = options
  let settings: Promise<Settings> | undefined
  let services: Promise<Services> | undefined

  // loaded here and not above: help must not wait for a store
  const readNow = async () => (await import('../config/settings.ts')).readSettings(environment)
  const openNow = async () =>
    (await import('../services.ts')).openServices(await context.settings(), clock, { publishFailed })

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

/** The desk of an administrator who works from afar, in a server whose house is open. */
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
