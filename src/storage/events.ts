import { declared, type DeclaredKey } from '../login-methods.ts'
import { EventConnection } from './event-connection.ts'
import type { OpenTransport } from './event-transport.ts'

/** Subjects of changes: clients, accounts, represented parties, key files, logout deliveries and the work of a password check; login methods declare others. */
const common = ['client', 'person', 'principal', 'keys', 'logout', 'password-work'] as const
export type Topic = (typeof common)[number] | DeclaredKey<'topics'>
const topics: readonly Topic[] = [...common, ...(Object.keys(declared('topics')) as DeclaredKey<'topics'>[])]

/** Announces a change of the object with this id, after its commit. The id is never personal data. */
export type Publish = (topic: Topic, id: string) => void

/**
 * Announces a change in one process to all others on the same stores. An event is a hint: the receiver reads the store again.
 * So a forged event does no harm, and polling makes up for a lost one.
 */
export interface Events {
  publish: Publish
  /** The listener gets an id, or undefined when events may have been missed and any object may have changed. */
  subscribe(topic: Topic, listener: (id: string | undefined) => void): () => void
  /** Whether events are known to arrive. A process without them has to poll often. */
  isConnected(): boolean
  /** Sends what is unsent, for at most a second. */
  stop(): Promise<void>
}

/** Interval of polling the store while events arrive. */
export const pollMs = 30_000
/** A longer text is sent without its id, because a text may become a file name (events-directory.ts). */
const longestText = 200

/**
 * @param options.listens false for a command line, which only publishes.
 * @param options.failed called once when the connection is lost, not for each attempt to connect again.
 */
export function createEvents(options: {
  open: OpenTransport
  listens: boolean
  failed: (error: unknown) => void
}): Events {
  const listeners = createListeners()
  const connection = new EventConnection({
    ...options,
    received: (text) => {
      const [topic, id = ''] = text.split('@')
      if (isTopic(topic)) listeners.announce(topic, decoded(id))
    },
    connectionChanged: () => {
      for (const topic of topics) listeners.announce(topic, undefined)
    },
    summary: topics,
  })
  return {
    publish(topic, id) {
      listeners.announce(topic, id)
      const text = `${topic}@${encodeURIComponent(id)}`
      connection.send(text.length > longestText ? topic : text)
    },
    subscribe: listeners.subscribe,
    isConnected: () => connection.isConnected,
    async stop() {
      await connection.stop()
      listeners.stop()
    },
  }
}

/** The listeners of this process. Changes of one turn of the event loop are announced together, equal ones once. */
function createListeners() {
  const listeners = new Map<Topic, Set<(id: string | undefined) => void>>()
  const gathered = new Map<string, [Topic, string | undefined]>()
  let stopped = false

  function announceAll(): void {
    const all = [...gathered.values()]
    gathered.clear()
    if (stopped) return
    for (const [topic, id] of all) for (const listener of listeners.get(topic) ?? []) listener(id)
  }

  return {
    announce(topic: Topic, id: string | undefined): void {
      if (gathered.size === 0) setImmediate(announceAll)
      gathered.set(`${topic} ${id}`, [topic, id])
    },
    subscribe(topic: Topic, listener: (id: string | undefined) => void): () => void {
      const ofTopic = listeners.get(topic) ?? new Set()
      listeners.set(topic, ofTopic.add(listener))
      return () => ofTopic.delete(listener)
    },
    stop: () => {
      stopped = true
    },
  }
}

const isTopic = (text: string | undefined): text is Topic => topics.includes(text as Topic)

/** Undefined, which means any object, for an id that cannot be read. */
function decoded(id: string): string | undefined {
  try {
    return decodeURIComponent(id) || undefined
  } catch {
    return undefined
  }
}
