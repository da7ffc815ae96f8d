import { covers, type Administrator } from '../accounts/administrators.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Back } from './house.ts'

/** What an administrator works with. Settings and house are opened when a command first asks for them. */
export interface Desk {
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
  house(): Promise<Back>
  /** Shows how far a long command is, where somebody looks. */
  progress(done: number, total: number): void
  /** Says what somebody has to do meanwhile. */
  say(lines: readonly string[]): void
  /** Asks whoever is at the terminal; no where there is none. */
  confirm(question: string): Promise<boolean>
  /** Closes what was opened. */
  close(): Promise<void>
}

export type AdministratorsDesk = Desk & { administrator: Administrator }

export function createDesk(options: {
  environment: Record<string, string | undefined>
  clock: Clock
  actor: string
  progress?: Desk['progress']
  say?: Desk['say']
  confirm?: Desk['confirm']
  /** Told where running servers could not be told of a change. */
  untold?: (error: unknown) => void
}): Desk {
  const { environment, clock, actor } = options
  const { progress = () => undefined, say = () => undefined, untold = () => undefined } = options
  const { confirm = async () => false } = options
  let settings: Promise<Settings> | undefined
  let house: Promise<Back> | undefined

  // loaded here and not above: help must not wait for a store
  const readNow = async () => (await import('../config/settings.ts')).readSettings(environment)
  const openNow = async () => (await import('./house.ts')).openHouse(await desk.settings(), clock, { untold })

  const desk: Desk = {
    clock,
    actor,
    progress,
    say,
    confirm,
    administrator: undefined,
    sees: () => true,
    settings: () => (settings ??= readNow()),
    house: () => (house ??= openNow()),
    async close() {
      const opened = await house?.catch(() => undefined)
      await opened?.close()
    },
  }
  return desk
}

/** How the audit trail names an administrator who works from afar. */
export const actorOf = (personId: string) => `administrator:${personId}`

/** The desk of an administrator who works from afar, in a server whose house is open. */
export function remoteDesk(house: Back, administrator: Administrator): AdministratorsDesk {
  return {
    clock: house.clock,
    actor: actorOf(administrator.personId),
    administrator,
    progress: () => undefined,
    say: () => undefined,
    confirm: async () => false,
    sees: (region) => covers(administrator, region),
    settings: async () => house.settings,
    house: async () => house,
    close: async () => undefined,
  }
}
