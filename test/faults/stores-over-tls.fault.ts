import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { sql } from 'kysely'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openRedisArtifacts } from '../../src/storage/artifacts-redis.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { connectRedis } from '../../src/storage/redis.ts'
import { artifactsContract } from '../contract/artifacts.ts'
import { makeCertificate, noOpenssl } from '../setup/certificate.ts'
import { cannotRun } from '../setup/parts.ts'
import { documentedRights, redisCli, startRedisCluster } from '../setup/redis.ts'
import { startServer, until, workersOf } from '../setup/server.ts'
import { ailments, enterAgain, gather, manyFromHere, signInMany } from './people.ts'
import { ownPostgres } from './postgres.ts'

const quiet = () => undefined

/** The error of a query, or 'TLS' if it succeeds over TLS. */
async function ask(url: string): Promise<string> {
  const database = openDatabase(url)
  try {
    const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(
      database,
    )
    return rows[0]?.ssl ? 'TLS' : 'plain'
  } catch (error) {
    return (error as Error).message
  } finally {
    await database.destroy()
  }
}

describe.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis') || noOpenssl)(
  'PostgreSQL and a Redis Cluster over TLS',
  () => {
    let certificate: ReturnType<typeof makeCertificate>
    let cluster: Awaited<ReturnType<typeof startRedisCluster>>
    let redisUrls: string
    beforeAll(async () => {
      certificate = makeCertificate()
      cluster = await startRedisCluster(certificate)
      for (const port of cluster.ports)
        redisCli(port, 'ACL', 'SETUSER', 'yideng', 'on', '>p@ss:w/rd', ...documentedRights())
      const user = `yideng:${encodeURIComponent('p@ss:w/rd')}`
      redisUrls = cluster.tlsPorts.map((port) => `rediss://${user}@localhost:${port}`).join(',')
    })

    it('both clients refuse an untrusted certificate, and one for another address', async () => {
      await expect(connectRedis(redisUrls, quiet)).rejects.toThrow('Redis cannot be used now')
      const { port } = await ownPostgres(certificate)
      const url = (host: string, ca: string) =>
        `postgres://postgres@${host}:${port}/postgres?sslmode=verify-full&sslrootcert=${ca}`
      expect(await ask(url('localhost', certificate.cert))).toBe('TLS')
      expect(await ask(url('localhost', makeCertificate().cert))).toMatch(/self.signed|certificate/)
      expect(await ask(url('127.0.0.2', certificate.cert))).toMatch(/altnames/)
      setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate.cert, 'utf8')])
      await expect(connectRedis(redisUrls.replaceAll('p%40ss', 'other'), quiet)).rejects.toThrow(
        'Redis cannot be used now',
      )
    })

    artifactsContract('Redis Cluster over TLS', async (clock) => {
      for (const port of cluster.masters()) redisCli(port, 'FLUSHALL')
      const open = async () => {
        const artifacts = await openRedisArtifacts(redisUrls, clock, quiet)
        onTestFinished(() => artifacts.close())
        return artifacts
      }
      return { one: await open(), other: await open() }
    })

    it('people sign in, and events arrive', async () => {
      const { port } = await ownPostgres(certificate)
      const server = await startServer({
        ...manyFromHere,
        NODE_EXTRA_CA_CERTS: certificate.cert,
        YIDENG_WORKERS: '2',
        YIDENG_DATABASE_URL: `postgres://postgres@localhost:${port}/postgres?sslmode=verify-full&sslrootcert=${certificate.cert}`,
        YIDENG_REDIS_URL: redisUrls,
      })
      await until(async () => workersOf(server).length === 2)
      const crowd = await gather(server)
      const { signedIn, failures } = await signInMany(crowd, 40)
      expect(failures).toEqual([])
      const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl join pg_stat_activity using (pid)
      where application_name = 'yideng'`.execute(crowd.services.database)
      expect(rows.length).toBeGreaterThan(2)
      expect(rows.every(({ ssl }) => ssl)).toBe(true)
      const [someone] = signedIn
      if (!someone) throw new Error('nobody signed in')
      expect(await enterAgain(crowd, someone)).toBe(true)
      // this process publishes the change over TLS; without events it takes half a minute
      await crowd.services.clients.setStatus(crowd.portal.clientId, 'suspended', 'administrator:test')
      const began = performance.now()
      await until(async () => !(await enterAgain(crowd, someone)))
      expect(performance.now() - began).toBeLessThan(2000)
      expect(await ailments(server)).toEqual([])
    })
  },
)
