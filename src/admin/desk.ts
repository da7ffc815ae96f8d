import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Back } from './house.ts'

/** What an administrator works with. Settings and house are opened when a command first asks for them. */
export interface Desk {
  readonly clock: Clock
  /** Who does it, for the audit trail: `administrator:<name>`. */
  readonly actor: string
  /** @throws SettingsError */
  settings(): Promise<Settings>
  /** @throws SettingsError */
  house(): Promise<Back>
  /** Shows how far a long command is, where somebody looks. */
  progress(done: number, total: number): void
  /** Closes what was opened. */
  close(): Promise<void>
}

export function createDesk(options: {
  environment: Record<string, string | undefined>
  clock: Clock
  actor: string
  progress?: Desk['progress']
}): Desk {
  const { environment, clock, actor, progress = () => undefined } = options
  let settings: Promise<Settings> | undefined
  let house: Promise<Back> | undefined

  // loaded here and not above: help must not wait for a store
  const readNow = async () => (await import('../config/settings.ts')).readSettings(environment)
  const openNow = async () => (await import('./house.ts')).openHouse(await desk.settings(), clock)

  const desk: Desk = {
    clock,
    actor,
    progress,
    settings: () => (settings ??= readNow()),
    house: () => (house ??= openNow()),
    async close() {
      const opened = await house?.catch(() => undefined)
      await opened?.close()
    },
  }
  return desk
}
