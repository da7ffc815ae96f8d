import { beforeAll, describe, expect, it } from 'vitest'
import { openRedisTransport } from '../../src/storage/events-redis.ts'
import { eventsContract, hearing, process } from '../contract/events.ts'
import { cannotRun } from '../setup/parts.ts'
import { redisCli, startRedis } from '../setup/redis.ts'

const lineTo = (port: number, user = '') => openRedisTransport(`redis://${user}127.0.0.1:${port}`)

describe.skipIf(cannotRun('Redis'))('Redis', () => {
  for (const kind of ['node', 'cluster'] as const) {
    let port: number
    beforeAll(async () => {
      port = await startRedis({ kind })
    })
    eventsContract(`Redis, ${kind}`, () => lineTo(port))
  }

  it('a listener knows that events do not arrive, and checks everything once they do again', async () => {
    const port = await startRedis()
    const [one, other] = [process(lineTo(port)), process(lineTo(port))]
    await hearing(one, other)
    await expect.poll(() => other.heard.splice(0)).toEqual(['client *', 'qr *'])
    redisCli(port, 'SHUTDOWN', 'NOSAVE')
    await expect.poll(() => [one.events.isConnected(), other.events.isConnected()]).toEqual([false, false])
    await expect.poll(() => other.heard.splice(0)).toEqual(['client *', 'qr *'])
    one.events.publish('client', 'said meanwhile')
    await startRedis({ port })
    await hearing(one, other)
    await expect.poll(() => other.heard).toContain('qr *')
    one.events.publish('client', 'said afterwards')
    await expect.poll(() => other.heard).toContain('client said afterwards')
    expect([one.failures.length, other.failures.length]).toEqual([1, 1])
  })

  it('sends unsent events after the connection was lost', async () => {
    const port = await startRedis()
    const [one, other] = [process(lineTo(port), false), process(lineTo(port))]
    await hearing(other)
    one.events.publish('client', 'a')
    await expect.poll(() => other.heard).toContain('client a')
    redisCli(port, 'CLIENT', 'KILL', 'TYPE', 'normal')
    one.events.publish('client', 'b')
    await expect.poll(() => other.heard).toContain('client b')
  })

  it('connects to the next of several nodes', async () => {
    const port = await startRedis()
    const gone = process(openRedisTransport(`redis://127.0.0.1:1,redis://127.0.0.1:${port}`))
    await hearing(gone)
  })

  it('reports no connection where Redis forbids publishing, and retries slowly', async () => {
    const port = await startRedis()
    redisCli(port, 'ACL', 'SETUSER', 'mute', 'on', '>secret', '~*', '&*', '+@connection', '+subscribe')
    const { events, failures } = process(lineTo(port, 'mute:secret@'))
    await expect.poll(() => failures.length).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(events.isConnected()).toBe(false)
    const connections = /total_connections_received:(\d+)/.exec(redisCli(port, 'INFO', 'stats'))?.[1]
    expect(Number(connections)).toBeLessThan(12)
  })
})
