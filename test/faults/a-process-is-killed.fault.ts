import { describe, expect, it } from 'vitest'
import { cannotRun } from '../setup/parts.ts'
import { startServer, until, workersOf } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { ailments, entered, enterAgain, gather, manyFromHere, signInMany } from './people.ts'

const total = 500

describe.each([
  { stores: 'embedded', missing: false, settings: async () => ({}) },
  { stores: 'PostgreSQL and Redis', missing: cannotRun('PostgreSQL') || cannotRun('Redis'), settings: scaleOut },
])('kill -9 of one of two processes in the middle of 500 sign-ins: $stores', ({ missing, settings }) => {
  it.skipIf(missing)('every second try succeeds, and no acknowledged write is lost', async () => {
    const server = await startServer({ ...manyFromHere, YIDENG_WORKERS: '2', ...(await settings()) })
    const crowd = await gather(server)
    await until(async () => workersOf(server).length === 2)
    const [first = 0, ...others] = workersOf(server)
    const killAt = new Set([100, 250, 400])
    const { signedIn, failures, retried } = await signInMany(crowd, total, {
      onSignedIn(count) {
        if (killAt.has(count)) process.kill(count === 100 ? first : (workersOf(server).at(-1) ?? 0), 'SIGKILL')
      },
    })
    console.log(`${signedIn.length} signed in, ${retried} tried twice`, server.output())
    expect(failures).toEqual([])
    expect(signedIn).toHaveLength(total)
    expect(await entered(crowd)).toBeGreaterThanOrEqual(total)
    const again = await Promise.all(signedIn.slice(-100).map((visitor) => enterAgain(crowd, visitor)))
    expect(again.every(Boolean)).toBe(true)
    await until(async () => workersOf(server).length >= 2)
    expect(workersOf(server)).not.toContain(first)
    expect(others).toHaveLength(1)
    expect(await ailments(server)).toEqual([])
    const began = performance.now()
    expect(await server.kill('SIGINT')).toBe(0)
    expect(performance.now() - began).toBeLessThan(3000)
  })
})
