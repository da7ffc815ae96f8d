import { randomInt } from 'node:crypto'
import { createClient } from 'redis'
import type { OpenTransport } from './event-transport.ts'
import { nodesOf } from './redis.ts'

/** The only channel in the ACL of docs/deploy.md. */
const channel = 'yideng:events'
const openMs = 3000

/**
 * The transport of several machines: Redis pub/sub on its own connection. In a Cluster, plain (not sharded) pub/sub
 * reaches every node, so one connection is enough. Each attempt takes the next configured node.
 */
export function openRedisTransport(urls: string): OpenTransport {
  const nodes = nodesOf(urls)
  let next = randomInt(nodes.length)
  return async (receiver) => {
    const client = createClient({
      ...nodes[next++ % nodes.length],
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
      send: (text) => client.publish(channel, text),
      close: () => client.isOpen && client.destroy(),
    }
  }
}
