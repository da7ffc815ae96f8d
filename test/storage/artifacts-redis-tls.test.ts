import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openRedisArtifacts } from '../../src/storage/artifacts-redis.ts'
import { connectRedis } from '../../src/storage/redis.ts'
import { artifactsContract } from '../contract/artifacts.ts'
import { makeCertificate, noOpenssl } from '../setup/certificate.ts'
import { freePort } from '../setup/free-port.ts'
import { cannotRun } from '../setup/parts.ts'
import { documentedRights, redisCli, startRedis, tlsFlags } from '../setup/redis.ts'

const quiet = () => undefined

describe.skipIf(cannotRun('Redis') || noOpenssl)('Redis over TLS, as the user of docs/deploy.md', () => {
  let plain: number
  let url: string
  let certificate: ReturnType<typeof makeCertificate>
  beforeAll(async () => {
    certificate = makeCertificate()
    const tls = await freePort()
    plain = await startRedis({ flags: tlsFlags(tls, certificate) })
    redisCli(plain, 'ACL', 'SETUSER', 'yideng', 'on', '>p@ss:w/rd', ...documentedRights())
    url = `rediss://yideng:${encodeURIComponent('p@ss:w/rd')}@localhost:${tls}`
  })

  it('refuses an untrusted certificate, and a wrong password', async () => {
    const before = getCACertificates('default')
    await expect(connectRedis(url, quiet)).rejects.toThrow('Redis cannot be used now')
    setDefaultCACertificates([...before, readFileSync(certificate.cert, 'utf8')])
    await expect(connectRedis(url.replace('p%40ss', 'other'), quiet)).rejects.toThrow('Redis cannot be used now')
  })

  artifactsContract('Redis over TLS', async (clock) => {
    redisCli(plain, 'FLUSHALL')
    const open = async () => {
      const artifacts = await openRedisArtifacts(url, clock, quiet)
      onTestFinished(() => artifacts.close())
      return artifacts
    }
    return { one: await open(), other: await open() }
  })

  it('allows that user nothing else', async () => {
    const redis = await connectRedis(url, quiet)
    onTestFinished(() => redis.close())
    await expect(redis.ask('GET', 'other:key')).rejects.toThrow('NOPERM')
    for (const [name, ...rest] of [['FLUSHALL'], ['CONFIG', 'GET', 'dir'], ['SHUTDOWN', 'NOSAVE'], ['KEYS', '*']])
      await expect(redis.ask(name ?? '', rest[0] ?? 'ASYNC', ...rest.slice(1)), name).rejects.toThrow('NOPERM')
  })
})
