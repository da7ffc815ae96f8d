import { describe, expect, it } from 'vitest'
import { cannotRun } from '../setup/parts.ts'
import { redisCli } from '../setup/redis.ts'
import { watchedPair } from '../setup/sentinel.ts'
import { startServer, until } from '../setup/server.ts'
import { makePostgres } from '../setup/stores.ts'
import { ailments, enter, enterAgain, gather, manyFromHere, signInMany } from './people.ts'

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))('Redis with a replica and three Sentinels', () => {
  it.each([
    ['is killed', (port: number) => void redisCli(port, 'SHUTDOWN', 'NOSAVE')],
    ['hangs, with its connections open', (port: number) => void redisCli(port, 'CLIENT', 'PAUSE', '600000', 'ALL')],
  ])('fails over during sign-ins when the master %s, without a restart', async (_, harm) => {
    const { master, url } = await watchedPair()
    const server = await startServer({
      ...manyFromHere,
      YIDENG_WORKERS: '2',
      YIDENG_DATABASE_URL: await makePostgres(),
      YIDENG_REDIS_URL: url,
    })
    const crowd = await gather(server)
    const before = await Promise.all(crowd.usernames.slice(0, 5).map((username) => enter(crowd, username)))
    let harmedAt = 0
    const { signedIn, failures, retried } = await signInMany(crowd, 150, {
      // a lost master is noticed after a second, then elected
      patienceMs: 20_000,
      onSignedIn(count) {
        if (count !== 40) return
        harmedAt = performance.now()
        harm(master)
      },
    })
    await until(async () => (await fetch(`${server.issuer}/readyz`)).ok)
    console.log(
      `${signedIn.length} signed in, ${retried} tried twice; all of it ${Math.round(performance.now() - harmedAt)} ms after the loss`,
    )
    expect(failures).toEqual([])
    expect(await Promise.all(before.map((visitor) => enterAgain(crowd, visitor)))).toEqual(before.map(() => true))
    expect((await ailments(server)).filter(({ what }) => what !== 'PostgreSQL')).toEqual([])
    await server.kill('SIGTERM')
    await server.restart()
    await enter(crowd, crowd.usernames[1] ?? '')
  })
})
