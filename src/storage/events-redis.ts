import { randomInt } from 'node:crypto'
import { createClient } from 'redis'
import type { OpenTransport } from './event-transport.ts'
import { nodesOf } from './redis.ts'

/** The one channel that the ACL of docs/deploy.md lets us use. */
const channel = 'yideng:events'
const openMs = 3000

/**
 * The line of many machines: Redis pub/sub on a connection of its own. In a Cluster every node carries what is said at any
 * other (plain, not sharded, pub/sub), so one connection to one node is enough; each try takes the next of those configured.
 */
export function openRedisTransport(urls: string): OpenTransport {
  const nodes = nodesOf(urls)
  let next = randomInt(nodes.length)
  return async (receiver) => {
    const client = createClient({
      ...nodes[next++ % nodes.length],
      RESP: 3, // one connection both listens and speaks
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
