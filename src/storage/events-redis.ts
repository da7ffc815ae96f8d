import { randomInt } from 'node:crypto'
import { createClient } from 'redis'
import type { OpenTransport } from './event-transport.ts'
import { isSentinelAddress } from '../config/sentinel-address.ts'
import { redisCode } from './redis-line.ts'
import { masterAt } from './redis-sentinel.ts'
import { nodesOf } from './redis.ts'

/** The only channel in the ACL of docs/deploy.md. */
const channel = 'yideng:events'
const openMs = 3000
/** No such key exists. Its removal is a write, which a replica refuses. */
const nothing = 'yideng:nothing'
/** A text published at a replica does not reach the listeners at its master. In a Cluster it does: MOVED is fine there. */
const cutOff = new Set(['READONLY', 'MASTERDOWN', 'NOREPLICAS', 'LOADING'])

/** @throws Error when the server that has the address now may be another one */
async function assertMaster(client: { del(key: string): Promise<number> }): Promise<void> {
  await client.del(nothing).catch((error: unknown) => {
    if (cutOff.has(redisCode(error) ?? '')) throw error
  })
}

/**
 * The transport of several machines: Redis pub/sub on its own connection. In a Cluster, plain (not sharded) pub/sub
 * reaches every node, so one connection is enough. Each attempt takes the next configured node, or the master of Sentinels.
 */
export function openRedisTransport(urls: string): OpenTransport {
  const nodes = isSentinelAddress(urls) ? [] : nodesOf(urls)
  let next = randomInt(Math.max(1, nodes.length))
  return async (receiver) => {
    const client = createClient({
      ...(nodes.length === 0 ? { url: await masterAt(urls) } : nodes[next++ % nodes.length]),
      RESP: 3, // one connection receives and sends
      disableOfflineQueue: true,
      socket: { connectTimeout: openMs, reconnectStrategy: false },
    })
    client.on('error', (error: unknown) => receiver?.lost(error))
    client.on('end', () => receiver?.lost(new Error('Redis closed the connection')))
    const late = setTimeout(() => client.destroy(), openMs)
    try {
      await client.connect()
      if (receiver) await client.subscribe(channel, receiver.received)
    } catch (error) {
      if (client.isOpen) client.destroy()
      throw error
    } finally {
      clearTimeout(late)
    }
    return {
      send: (text) => Promise.all([assertMaster(client), client.publish(channel, text)]),
      close: () => client.isOpen && client.destroy(),
    }
  }
}
