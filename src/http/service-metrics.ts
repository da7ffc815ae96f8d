import { Gauge, Histogram, type Registry } from 'prom-client'
import { oldestUnsigned } from '../audit/unsigned.ts'
import type { Clock } from '../config/clock.ts'
import { signingKeyState, type KeyTimes } from '../keys/signing-keys.ts'
import { isUnavailable } from '../storage/unavailable.ts'
import type { Database } from '../storage/database.ts'

/**
 * Metrics that are read on demand: queue lengths, ages, delays. Values that all processes read from the same store are
 * not added up.
 */
export function watchServices(options: {
  registry: Registry
  database: Database
  passwordLoad: () => { running: number; waiting: number }
  signingKeys: () => readonly KeyTimes[]
  clock: Clock
}): void {
  const { registry, database, passwordLoad, signingKeys, clock } = options
  const registers = [registry]

  const passwords = new Gauge({
    name: 'yideng_password_hashes',
    help: 'Passwords being hashed, and waiting for it',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, many] of Object.entries(passwordLoad())) passwords.set({ state }, many)
    },
  })

  const keyAges = new Gauge({
    name: 'yideng_signing_key_age_seconds',
    help: 'Age of each signing key',
    aggregator: 'max',
    labelNames: ['kid', 'alg', 'state'],
    registers,
    collect() {
      keyAges.reset()
      const keys = signingKeys()
      const now = clock()
      for (const key of keys) {
        const { kid, alg, createdAt } = key
        keyAges.set({ kid, alg, state: signingKeyState(keys, key, now) }, (now - Date.parse(createdAt)) / 1000)
      }
    },
  })

  const deliveries: Gauge<'state'> = new Gauge({
    name: 'yideng_logout_deliveries',
    help: 'Back-channel logouts to be delivered, and given up',
    aggregator: 'max',
    labelNames: ['state'],
    registers,
    collect: () => unlessUnavailable(deliveries, countDeliveries),
  })
  async function countDeliveries() {
    const rows = await database
      .selectFrom('logout_deliveries')
      .select(({ fn }) => ['state', fn.countAll<number>().as('many')])
      .where('state', 'in', ['pending', 'abandoned'])
      .groupBy('state')
      .execute()
    for (const state of ['pending', 'abandoned'] as const) {
      deliveries.set({ state }, rows.find((row) => row.state === state)?.many ?? 0)
    }
  }

  const probe = new Histogram({
    name: 'yideng_durable_store_probe_seconds',
    help: 'Time of a read of the durable store, made at each scrape',
    buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    registers,
  })
  const unsigned: Gauge = new Gauge({
    name: 'yideng_audit_unsigned_seconds',
    help: 'Age of the oldest audit entry that no checkpoint speaks for yet',
    aggregator: 'max',
    registers,
    collect: () => unlessUnavailable(unsigned, lookForUnsigned),
  })
  async function lookForUnsigned() {
    const began = performance.now()
    await database.selectFrom('house').select('key').limit(1).execute()
    probe.observe((performance.now() - began) / 1000)
    const oldest = await oldestUnsigned(database)
    unsigned.set(oldest === undefined ? 0 : Math.max(0, (clock() - oldest) / 1000))
  }
}

/** Other metrics are still reported while the store is unavailable. */
async function unlessUnavailable(gauge: Gauge, read: () => Promise<void>): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!isUnavailable(error)) throw error
    gauge.reset()
  }
}
