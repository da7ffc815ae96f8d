import { statfsSync } from 'node:fs'
import { Gauge, type Registry } from 'prom-client'
import { legacyEnd, speaksLegacy } from '../clients/legacy.ts'
import type { Clients } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import { legacyProtocols } from '../config/legacy-protocols.ts'
import type { Settings } from '../config/settings.ts'
import { textsOfToday } from '../guards/phone-codes/day-budget.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Database } from '../storage/database.ts'
import { lastBackup } from '../storage/store-facts.ts'
import { isUnavailable } from '../storage/unavailable.ts'

/** Milliseconds for which the list of portals counts: their end dates are days. */
const portalsForMs = 60_000

export interface OutlookDeps {
  registry: Registry
  database: Database
  artifacts: Pick<Artifacts, 'get'>
  clients: Pick<Clients, 'list'>
  settings: Pick<Settings, 'dataDir' | 'databaseUrl' | 'redisUrls'> & { phone: { dayBudget: number } }
  clock: Clock
}

/** What will stop the service on a later day: a full disk, no backup, a budget at its end, end dates of portals. */
export function watchOutlook(deps: OutlookDeps): void {
  const { registry, database, artifacts, clients, settings, clock } = deps
  // with both stores on other machines, the folder need not exist
  if (!settings.databaseUrl || !settings.redisUrls) watchDisk(registry, settings.dataDir)
  watchLegacyEnds(registry, clients, clock)

  gauge(registry, {
    name: 'yideng_last_backup_timestamp_seconds',
    help: 'When `yideng backup` last made a whole backup of this store; 0: never',
    read: async () => ((await lastBackup(database)) ?? 0) / 1000,
  })
  gauge(registry, {
    name: 'yideng_texts_today',
    help: 'Texts of today that count against the budget of the day',
    read: () => textsOfToday(artifacts),
  })
  gauge(registry, {
    name: 'yideng_texts_day_budget',
    help: 'The budget of texts of a day (YIDENG_SMS_DAY_BUDGET)',
    read: async () => settings.phone.dayBudget,
  })
}

interface Read {
  name: string
  help: string
  read(): Promise<number>
}

/** A value of the stores: every process reads the same one. It stays while a store does not answer. */
function gauge(registry: Registry, { name, help, read }: Read): void {
  const made: Gauge = new Gauge({
    name,
    help,
    aggregator: 'max',
    registers: [registry],
    async collect() {
      const value = await read().catch(unlessUnavailable)
      if (value !== undefined) made.set(value)
    },
  })
}

/** Of the disk of the embedded stores. That of PostgreSQL is on another machine. */
function watchDisk(registry: Registry, dataDir: string): void {
  const free: Gauge = new Gauge({
    name: 'yideng_disk_free_bytes',
    help: 'Bytes that the service can still write to the disk of YIDENG_DATA_DIR',
    aggregator: 'min',
    registers: [registry],
    collect() {
      free.set(freeBytes(dataDir))
    },
  })
}

/** Without its folder, a store can write nothing. */
function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    return 0
  }
}

function watchLegacyEnds(registry: Registry, clients: Pick<Clients, 'list'>, clock: Clock): void {
  let readAt = -Infinity
  const ends: Gauge<'protocol'> = new Gauge({
    name: 'yideng_legacy_end_timestamp_seconds',
    help: 'When the next portal of each old protocol ends (legacy_until); 0: no such portal',
    aggregator: 'max',
    labelNames: ['protocol'],
    registers: [registry],
    async collect() {
      if (clock() < readAt + portalsForMs) return
      const listed = await clients.list().catch(unlessUnavailable)
      if (!listed) return
      readAt = clock()
      const speaking = listed.filter((one) => one.status === 'active' && speaksLegacy(one, readAt))
      for (const protocol of legacyProtocols) {
        const times = speaking.filter(({ legacy }) => legacy === protocol).map(legacyEnd)
        ends.set({ protocol }, times.length === 0 ? 0 : Math.min(...times) / 1000)
      }
    },
  })
}

/** Other metrics are still reported while a store is unavailable. */
function unlessUnavailable(error: unknown): undefined {
  if (!isUnavailable(error)) throw error
}
