import { describe, expect, it } from 'vitest'
import { cannotRun } from '../setup/parts.ts'
import { startRedis } from '../setup/redis.ts'
import { startServer, until } from '../setup/server.ts'
import { openPerson } from '../setup/person.ts'
import { ailments, enter, entered, enterAgain, gather, manyFromHere, signInMany } from './people.ts'
import { ownPostgres } from './postgres.ts'

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('PostgreSQL', () => {
  it.each(['fast', 'immediate'] as const)('stops (%s) and starts during sign-ins', async (mode) => {
    const postgres = await ownPostgres()
    const server = await startServer({
      ...manyFromHere,
      YIDENG_WORKERS: '2',
      YIDENG_DATABASE_URL: postgres.url,
      YIDENG_REDIS_URL: `redis://127.0.0.1:${await startRedis()}`,
    })
    const crowd = await gather(server)
    const before = await enter(crowd, crowd.usernames[0] ?? '')
    const { signedIn, failures, retried } = await signInMany(crowd, 100, {
      patienceMs: 3000,
      onSignedIn(count) {
        if (count !== 30) return
        postgres.stop(mode)
        postgres.start()
      },
    })
    console.log(`${retried} tried twice`)
    expect(failures).toEqual([])
    // an immediate stop is a crash: only the last entries about sessions may be lost
    if (mode === 'fast') expect(await entered(crowd)).toBeGreaterThanOrEqual(signedIn.length)
    expect(await enterAgain(crowd, before)).toBe(true)
    expect(await ailments(server)).toEqual([])

    // an acknowledged account is on disk
    const person = await openPerson(crowd.services)
    postgres.stop('immediate')
    expect((await fetch(`${server.issuer}/readyz`)).status).toBe(503)
    postgres.start()
    await until(async () => (await fetch(`${server.issuer}/readyz`)).ok)
    await enter(crowd, person.username)
    expect(await ailments(server)).toEqual([])
  })
})
