import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openRedisArtifacts } from '../../src/storage/artifacts-redis.ts'
import { artifactsContract } from '../contract/artifacts.ts'
import { cannotRun } from '../setup/parts.ts'
import { redisCli, startRedisCluster } from '../setup/redis.ts'
import { startServer, until } from '../setup/server.ts'
import { makePostgres } from '../setup/stores.ts'
import { ailments, enter, enterAgain, gather, manyFromHere, signInMany } from './people.ts'

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))(
  'a Redis Cluster of three masters and three replicas',
  () => {
    let cluster: Awaited<ReturnType<typeof startRedisCluster>>
    const urls = () => cluster.ports.map((port) => `redis://127.0.0.1:${port}`).join(',')
    beforeAll(async () => {
      cluster = await startRedisCluster()
    })

    artifactsContract('Redis Cluster of six', async (clock) => {
      for (const port of cluster.masters()) redisCli(port, 'FLUSHALL')
      const open = async () => {
        const artifacts = await openRedisArtifacts(urls(), clock, () => undefined)
        onTestFinished(() => artifacts.close())
        return artifacts
      }
      return { one: await open(), other: await open() }
    })

    it('loses a master during sign-ins: every second try succeeds, and sessions remain', async () => {
      const server = await startServer({
        ...manyFromHere,
        YIDENG_WORKERS: '2',
        YIDENG_DATABASE_URL: await makePostgres(),
        YIDENG_REDIS_URL: urls(),
      })
      const crowd = await gather(server)
      const before = await Promise.all(crowd.usernames.map((username) => enter(crowd, username)))
      const [victim = 0] = cluster.masters()
      let killedAt = 0
      const { signedIn, failures, retried } = await signInMany(crowd, 150, {
        // the replica takes over after a timeout of two seconds and an election
        patienceMs: 8000,
        onSignedIn(count) {
          if (count !== 40) return
          killedAt = performance.now()
          cluster.kill(victim)
        },
      })
      await until(async () => cluster.masters().length === 3 && !cluster.masters().includes(victim))
      console.log(
        `${signedIn.length} signed in, ${retried} tried twice, over ${performance.now() - killedAt} ms since the kill`,
      )
      expect(failures).toEqual([])
      expect(await Promise.all(before.map((visitor) => enterAgain(crowd, visitor)))).toEqual(before.map(() => true))
      const again = await Promise.all(signedIn.slice(-50).map((visitor) => enterAgain(crowd, visitor)))
      expect(again.every(Boolean)).toBe(true)
      expect(await ailments(server)).toEqual([])
      // a new process whose first configured node is gone
      await server.kill('SIGINT')
      await server.restart()
      await enter(crowd, crowd.usernames[0] ?? '')
    })
  },
)
