import { createHash } from 'node:crypto'
import { createClient, createCluster } from 'redis'
import { isSentinelAddress } from '../config/sentinel-address.ts'
import { redisCode, rightLine, waitBefore, type Line } from './redis-line.ts'
import { masterAt } from './redis-sentinel.ts'
import { StoreUnavailable } from './unavailable.ts'

export type Reply = string | number | null | Reply[]

/** A command whose only key is `key`. */
export type RedisCommand = [name: string, key: string, ...rest: string[]]

/** A script on one key, so that it also runs in a Cluster. */
export interface Script {
  text: string
  sha: string
}

/** One node or a Cluster, with the few operations of the artifact store. */
export interface Redis {
  /** @throws StoreUnavailable */
  ask(...command: RedisCommand): Promise<Reply>
  /** @throws StoreUnavailable */
  run(script: Script, key: string, ...values: (string | number)[]): Promise<Reply>
  close(): Promise<void>
}

const connectMs = 3000
/** Longest wait for an answer. */
const answerMs = 3000
/** Answers that mean that the command or the settings are wrong, not that Redis is unavailable. */
const ourFaults = new Set(['ERR', 'WRONGTYPE', 'NOSCRIPT', 'NOPERM', 'NOAUTH', 'WRONGPASS'])

export const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') })

const settings = (url: string) => ({
  url,
  disableOfflineQueue: true,
  pingInterval: 5000,
  // the client's own timeout is an AbortSignal for each command; ask() below is cheaper and also counts pending
  // commands
  commandOptions: { timeout: 0 },
  socket: { connectTimeout: connectMs, reconnectStrategy: waitBefore },
})

/**
 * Connects to `redis://` or `rediss://` (TLS) with user and password of the URL. Several URLs, separated by commas,
 * are nodes of one Cluster. The first node that answers shows whether it is a Cluster. Sentinels are asked for the master at each
 * connection (config/sentinel-address.ts).
 * @throws StoreUnavailable when none answers
 */
export async function connectRedis(urls: string, failed: (error: unknown) => void): Promise<Redis> {
  const nodes = urls.split(',')
  const open = async () => {
    if (isSentinelAddress(urls)) return masterOf(urls, failed)
    return (await isCluster(nodes)) ? clusterOf(nodes, failed) : nodeOf(nodes[0] ?? '', failed)
  }
  const line = rightLine(await open(), open, failed)

  /** Treats each failure as Redis being unavailable, also its errors while it loads, fails over or is full. */
  const asUnavailable = (error: unknown): unknown =>
    ourFaults.has(redisCode(error) ?? '') ? error : new StoreUnavailable('Redis', error)

  async function ask(key: string, command: string[]): Promise<Reply> {
    try {
      return await inTime(answerMs, line.command(key, command))
    } catch (error) {
      throw asUnavailable(error)
    }
  }

  return {
    ask: (...command) => ask(command[1], command),
    async run({ text, sha }, key, ...values) {
      const rest = ['1', key, ...values.map(String)]
      try {
        return await ask(key, ['EVALSHA', sha, ...rest])
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
        return ask(key, ['EVAL', text, ...rest])
      }
    },
    close: async () => line.close(),
  }
}

/** User and password of a URL. */
function userIn(url: string) {
  const { username, password } = new URL(url)
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
  }
}

/** Each node gets the user and password of the first. */
export function nodesOf(urls: string) {
  const nodes = urls.split(',')
  const user = userIn(nodes[0] ?? '')
  return nodes.map((url) => ({ url, ...user }))
}

class NoAnswer extends Error {
  constructor() {
    super('no answer in time')
    this.name = 'NoAnswer'
  }
}

/** Settles like the promise, or rejects after the time: a server that accepts a connection may never answer. */
async function inTime<T>(ms: number, promise: Promise<T>): Promise<T> {
  let late: NodeJS.Timeout | undefined
  const noAnswer = new Promise<never>((_resolve, reject) => {
    late = setTimeout(() => reject(new NoAnswer()), ms)
  })
  try {
    return await Promise.race([promise, noAnswer])
  } finally {
    clearTimeout(late)
  }
}

async function isCluster(nodes: string[]): Promise<boolean> {
  let cause: unknown
  for (const url of nodes) {
    const probe = createClient({ url, socket: { connectTimeout: connectMs, reconnectStrategy: false } })
    probe.on('error', () => undefined) // connect() rejects with it
    try {
      await inTime(connectMs + answerMs, probe.connect())
      return /^cluster_enabled:1/m.test(await inTime(answerMs, probe.sendCommand<string>(['INFO', 'cluster'])))
    } catch (error) {
      cause = error
    } finally {
      if (probe.isOpen) probe.destroy()
    }
  }
  throw new StoreUnavailable('Redis', cause)
}

/** @throws StoreUnavailable, and stops the client's attempts */
async function connected(client: { connect(): Promise<unknown>; destroy(): void }): Promise<void> {
  try {
    await inTime(connectMs + answerMs, client.connect())
  } catch (error) {
    client.destroy()
    throw new StoreUnavailable('Redis', error)
  }
}

async function nodeOf(url: string, failed: (error: unknown) => void): Promise<Line<Reply>> {
  const client = createClient(settings(url))
  client.on('error', failed)
  await connected(client)
  return {
    command: (_key: string, command: string[]) => client.sendCommand<Reply>(command),
    close: () => client.destroy(),
  }
}

/** The master that the Sentinels name now. Its line ends with the connection, so that they are asked again. */
async function masterOf(address: string, failed: (error: unknown) => void): Promise<Line<Reply>> {
  const url = await masterAt(address).catch((error: unknown) => {
    throw new StoreUnavailable('Redis', error)
  })
  const { socket, ...shared } = settings(url)
  const client = createClient({ ...shared, socket: { ...socket, reconnectStrategy: false } })
  client.on('error', failed)
  await connected(client)
  let lost: (error: unknown) => void = () => undefined
  client.on('error', (error: unknown) => lost(error))
  client.on('end', () => lost(new Error('Redis closed the connection')))
  return {
    async command(_key, command) {
      try {
        return await inTime(answerMs, client.sendCommand<Reply>(command))
      } catch (error) {
        // a machine without power closes no connection
        if (error instanceof NoAnswer || !client.isReady) lost(error)
        throw error
      }
    },
    close: () => client.isOpen && client.destroy(),
    onLost: (report) => (lost = report),
  }
}

async function clusterOf(nodes: string[], failed: (error: unknown) => void): Promise<Line<Reply>> {
  const [first = ''] = nodes
  const { url: _url, socket, commandOptions, ...shared } = settings(first)
  const cluster = createCluster({
    rootNodes: nodes.map((url) => ({ url })),
    commandOptions,
    defaults: {
      ...shared,
      ...userIn(first),
      socket: first.startsWith('rediss:') ? { ...socket, tls: true } : socket,
    },
  })
  cluster.on('error', failed)
  await connected(cluster)
  return {
    command: (key: string, command: string[]) => cluster.sendCommand<Reply>(key, false, command),
    close: () => cluster.destroy(),
  }
}
