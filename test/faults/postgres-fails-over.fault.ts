import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/storage/database.ts'
import { isWrongServer } from '../../src/storage/unavailable.ts'
import { cannotRun } from '../setup/parts.ts'
import { startRedis } from '../setup/redis.ts'
import { startServer, until } from '../setup/server.ts'
import { ailments, enter, enterAgain, gather, manyFromHere, signInMany } from './people.ts'
import { ownPostgres, standbyOf } from './postgres.ts'

const ofBoth = (first: number, second: number) =>
  `postgres://postgres@127.0.0.1:${first},127.0.0.1:${second}/postgres?target_session_attrs=read-write`

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('PostgreSQL with a standby, both in one address', () => {
  it('fails over during sign-ins: the servers find the new primary, without a restart', async () => {
    const primary = await ownPostgres()
    const standby = await standbyOf(primary.port)
    const server = await startServer({
      ...manyFromHere,
      YIDENG_WORKERS: '2',
      // the standby comes first: a server never stays at it
      YIDENG_DATABASE_URL: ofBoth(standby.port, primary.port),
      YIDENG_REDIS_URL: `redis://127.0.0.1:${await startRedis()}`,
    })
    const crowd = await gather(server)
    const before = await enter(crowd, crowd.usernames[0] ?? '')
    let [lostAt, promotedAt] = [0, 0]
    const { signedIn, failures, retried } = await signInMany(crowd, 150, {
      patienceMs: 15_000,
      onSignedIn(count) {
        if (count !== 40) return
        lostAt = performance.now()
        primary.stop('immediate')
        standby.promote()
        promotedAt = performance.now()
      },
    })
    await until(async () => (await fetch(`${server.issuer}/readyz`)).ok)
    console.log(
      `${signedIn.length} signed in, ${retried} tried twice; promoted ${Math.round(promotedAt - lostAt)} ms after the loss`,
    )
    expect(failures).toEqual([])
    expect(await enterAgain(crowd, before)).toBe(true)
    expect(await ailments(server)).toEqual([])
    // a start while the first host does not answer
    await server.kill('SIGTERM')
    await server.restart()
    await enter(crowd, crowd.usernames[1] ?? '')
  })

  it('is not used where every host only reads', async () => {
    const primary = await ownPostgres()
    const [one, other] = [await standbyOf(primary.port), await standbyOf(primary.port)]
    const database = openDatabase(ofBoth(one.port, other.port))
    const failure: unknown = await database
      .selectFrom('house')
      .selectAll()
      .execute()
      .catch((error: unknown) => error)
    await database.destroy()
    expect(isWrongServer(failure)).toBe(true)
    expect(String(failure)).toContain('standby')
  })
})
