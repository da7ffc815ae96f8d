import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../config/clock.ts'
import { SettingsError } from '../config/settings.ts'
import { lackingKeys, readKeysInStore } from '../keys/keys-in-store.ts'
import type { DataKeys } from '../keys/data-keys.ts'
import type { Database } from '../storage/database.ts'
import { clockSentence, isRight, isWrong, readClock } from '../storage/store-clock.ts'

/** What a sign-in needs now. Of these, a machine may lack `clock` and `keys` alone, while the others go on. */
export const needs = ['stores', 'clock', 'keys', 'stopping'] as const
export type Need = (typeof needs)[number]

/** A sentence for each need that is not met. */
export type Unmet = Partial<Record<Need, string>>

export interface Readiness {
  /** Asks the stores, at most once a second. */
  unmet(): Promise<Unmet>
  /** What this machine alone lacks, from memory. It answers no person then, because it would answer wrongly. */
  ownFault(): string | undefined
  /** Compares clock and keys with the store. */
  look(): Promise<void>
  /** From now on not ready, because the process stops. */
  stop(): void
}

export interface ReadinessDeps {
  database: Database
  dataKeys: Pick<DataKeys, 'fingerprint' | 'refresh'>
  /** Rejects while a sign-in could not be stored (storage/ready-check.ts). */
  stores: () => Promise<void>
  /** Most milliseconds between this machine's clock and the store's. */
  mostClockMs: number
  clock: Clock
  registry: Registry
}

export function createReadiness(deps: ReadinessDeps): Readiness {
  const { database, dataKeys, stores, mostClockMs, clock, registry } = deps
  const own: Pick<Unmet, 'clock' | 'keys' | 'stopping'> = {}
  let offset = 0

  async function unmet(): Promise<Unmet> {
    const why = await stores().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    return { ...own, ...(why === undefined ? {} : { stores: why }) }
  }

  watch(registry, { unmet, offset: () => offset })
  return {
    unmet,
    ownFault: () => own.clock ?? own.keys,
    async look() {
      const reading = await readClock(database, clock)
      offset = reading.ahead
      // between the two, what was seen stays
      if (isWrong(reading, mostClockMs)) own.clock = clockSentence(offset)
      else if (isRight(reading, mostClockMs)) delete own.clock
      const lacking = await lackedKeys(database, dataKeys)
      if (lacking.length > 0) own.keys = `data.json of this machine lacks ${lacking.join(', ')}`
      else delete own.keys
    },
    stop: () => void (own.stopping = 'this process stops'),
  }
}

/** A rotation changes the store after the file: the file is read again before a key counts as lacking. */
async function lackedKeys(database: Database, dataKeys: ReadinessDeps['dataKeys']): Promise<string[]> {
  const stored = await readKeysInStore(database)
  if (lackingKeys(dataKeys, stored).length === 0) return []
  dataKeys.refresh()
  return lackingKeys(dataKeys, stored)
}

/** Each need is a series from the start on: an alert sees the first time that it is not met. */
function watch(registry: Registry, now: { unmet(): Promise<Unmet>; offset(): number }): void {
  const registers = [registry]
  const ready = new Gauge({
    name: 'yideng_ready',
    help: 'Whether each thing that a sign-in needs is there (1) or not (0): /readyz is 200 when all are',
    labelNames: ['need'],
    aggregator: 'min',
    registers,
    async collect() {
      const unmet = await now.unmet()
      for (const need of needs) ready.set({ need }, unmet[need] === undefined ? 1 : 0)
    },
  })
  const away: Gauge = new Gauge({
    name: 'yideng_clock_offset_seconds',
    help: "Seconds by which this machine's clock is ahead of PostgreSQL's; 0 with the embedded store",
    aggregator: 'max',
    registers,
    collect: () => away.set(now.offset() / 1000),
  })
}

/** @throws SettingsError in place of a start with a clock that is wrong: each login crosses several machines */
export async function refuseWrongClock(database: Database, clock: Clock, mostClockMs: number): Promise<void> {
  const reading = await readClock(database, clock)
  if (isWrong(reading, mostClockMs)) throw new SettingsError(clockSentence(reading.ahead))
}
