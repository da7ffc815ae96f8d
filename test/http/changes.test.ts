import { describe, expect, it } from 'vitest'
import { addSigningKeys } from '../../src/keys/signing-keys.ts'
import { cannotRun } from '../setup/parts.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until, workersOf } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'

const stores = {
  'the embedded stores': async () => ({ YIDENG_DATABASE_URL: '', YIDENG_REDIS_URL: '' }),
  'PostgreSQL and Redis': scaleOut,
}

/** Sends a request to each of two workers: they take connections in turn. */
const askAll = <T>(ask: (headers: { connection: string }) => Promise<T>) =>
  Promise.all(Array.from({ length: 6 }, () => ask({ connection: 'close' })))

describe.each(Object.entries(stores))('two processes on %s', (name, settings) => {
  const missing = name !== 'the embedded stores' && (cannotRun('PostgreSQL') || cannotRun('Redis'))

  it.skipIf(missing)('see each other’s changes at once, in spite of long caching', async () => {
    const server = await startServer({ ...(await settings()), YIDENG_WORKERS: '2' })
    await until(async () => workersOf(server).length === 2)
    const services = await server.services()
    const portal = await registerPortal(services)
    const { url } = await portal.begin()
    const statuses = () =>
      askAll(async (headers) => (await fetch(url, { headers, redirect: 'manual' })).status).then((all) => new Set(all))
    // after a second without repeated reads, both cache the portal for half a minute
    await until(async () => (await statuses()).has(303) && (await statuses()).size === 1)
    await server.forward(1100)
    expect(await statuses()).toEqual(new Set([303]))

    const began = performance.now()
    await services.clients.setStatus(portal.clientId, 'suspended', 'administrator:test')
    await until(async () => !(await statuses()).has(303))
    await services.clients.setStatus(portal.clientId, 'active', 'administrator:test')
    await until(async () => (await statuses()).has(303) && (await statuses()).size === 1)

    addSigningKeys(server.environment['YIDENG_KEYS_DIR'] ?? '', Date.now, Date.now())
    await services.keysChanged()
    const published = (headers: { connection: string }) =>
      fetch(`${server.issuer}/jwks`, { headers }).then(
        async (answer) => ((await answer.json()) as { keys: object[] }).keys,
      )
    await until(async () => (await askAll(published)).every(({ length }) => length === 4))
    // polling would have taken half a minute
    expect(performance.now() - began).toBeLessThan(15_000)
    expect(server.output()).not.toContain('"level":40')
  })
})
