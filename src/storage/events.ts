import { randomBytes, randomInt } from 'node:crypto'

/** What can be changed: a portal, an account, whom others act for, the key files, a login by QR code, a logout to be told. */
const topics = ['client', 'person', 'principal', 'keys', 'qr', 'logout'] as const
export type Topic = (typeof topics)[number]

/** Says that what has this id was changed, once that is committed. An id only, never personal data. */
export type Publish = (topic: Topic, id: string) => void

/**
 * What changes in one process, told to all others on the same stores. An event is a hint: who hears it reads the store
 * again, so a forged one does no harm, and a lost one is made good by asking the store now and then.
 */
export interface Events {
  publish: Publish
  /** The listener is given an id, or undefined where any may have changed: something may have been missed. */
  subscribe(topic: Topic, listener: (id: string | undefined) => void): () => void
  /** Whether it is known that events come through; who does not hear has to ask the store often. */
  isConnected(): boolean
  /** Says what is still to be said, for a second at most. */
  stop(): Promise<void>
}

/** Carries a short text, fit to be the name of a file, to every process that listens, also to the one that says it. */
export interface Transport {
  /** Rejects where it could not be said. */
  send(text: string): Promise<unknown>
  close(): void
}

export interface Receiver {
  received(text: string): void
  lost(error: unknown): void
}

/** Without an ear one only speaks. */
export type OpenTransport = (receiver: Receiver | undefined) => Promise<Transport>

/** Even where nothing is missed, the store is asked this often. */
export const nowAndThenMs = 30_000
/** So often a process listens for itself: a line that carries nothing is known after twice that. */
const listenForSelfMs = 5000
const firstWaitMs = 50
const longestWaitMs = 2000
const lastWordsMs = 1000
const mostUnsaid = 1000
/** What is longer is told without its id: what is said may be the name of a file (events-directory.ts). */
const longestText = 200

/**
 * @param options.listens A command line only speaks: it opens the line when there is something to say.
 * @param options.failed Told once when the line is lost, not at each try to open it again.
 */
export function createEvents(options: {
  open: OpenTransport
  listens: boolean
  failed: (error: unknown) => void
}): Events {
  const { open, listens, failed } = options
  const self = randomBytes(6).toString('hex')
  const listeners = new Map<Topic, Set<(id: string | undefined) => void>>()
  let transport: Transport | undefined
  let opening: Promise<void> | undefined
  let saying: Promise<unknown> = Promise.resolve()
  /** What could not be said yet. */
  const unsaid = new Set<string>()
  let heardSelf = false
  let hearing = false
  let stopped = false
  /** Since the line last carried something. */
  let tries = 0
  let complained = false

  const gathered = new Map<string, [Topic, string | undefined]>()
  /** Once in a turn for all that came in it: a change is often said twice. */
  function pass(topic: Topic, id: string | undefined): void {
    if (gathered.size === 0) setImmediate(passAll)
    gathered.set(`${topic} ${id}`, [topic, id])
  }
  function passAll(): void {
    const all = [...gathered.values()]
    gathered.clear()
    if (stopped) return
    for (const [topic, id] of all) for (const listener of listeners.get(topic) ?? []) listener(id)
  }

  function setHearing(now: boolean): void {
    if (hearing === now) return
    hearing = now
    for (const topic of topics) pass(topic, undefined)
  }

  function received(text: string): void {
    const [sender, topic, id = ''] = text.split('@')
    if (sender === self) {
      heardSelf = true
      complained = false
      tries = 0
      setHearing(true)
    } else if (isTopic(topic)) pass(topic, idIn(id))
  }

  function lose(which: Transport | undefined, error: unknown): void {
    if (stopped || which !== transport || !transport) return
    transport.close()
    transport = undefined
    setHearing(false)
    complain(error)
    reopen()
  }

  function complain(error: unknown): void {
    if (!complained) failed(error)
    complained = true
  }

  /** The one line there is; tried again and again until there is one. */
  function reopen(): void {
    opening ??= openOnce().finally(() => {
      opening = undefined
      if (!transport && !stopped) reopen()
    })
  }

  async function openOnce(): Promise<void> {
    if (tries > 0) await pause(Math.min(firstWaitMs * 2 ** Math.min(tries, 10), longestWaitMs) + randomInt(firstWaitMs))
    tries += 1
    let opened: Transport | undefined
    try {
      opened = await open(listens ? { received, lost: (error) => lose(opened, error) } : undefined)
    } catch (error) {
      complain(error)
      return
    }
    if (stopped) return opened.close()
    transport = opened
    const texts = [...unsaid]
    unsaid.clear()
    for (const text of texts) say(text)
    return listenForSelf()
  }

  function listenForSelf(): void {
    heardSelf = false
    if (listens) say(`${self}@self`)
  }

  function say(text: string): void {
    const now = transport
    if (!now) {
      keepUnsaid(text)
      return reopen()
    }
    const said = now.send(text).catch((error: unknown) => {
      keepUnsaid(text)
      lose(now, error)
    })
    saying = Promise.all([saying, said])
    return undefined
  }

  function keepUnsaid(text: string): void {
    if (text.startsWith(`${self}@self`)) return
    if (unsaid.size >= mostUnsaid) {
      unsaid.clear()
      for (const topic of topics) unsaid.add(`${self}@${topic}`)
    }
    unsaid.add(text)
  }

  const timer = setInterval(() => {
    if (!transport) return
    if (heardSelf) listenForSelf()
    else lose(transport, new Error('events do not come through'))
  }, listenForSelfMs)
  timer.unref()
  if (listens) reopen()
  else clearInterval(timer)

  return {
    publish(topic, id) {
      pass(topic, id)
      const text = `${self}@${topic}@${encodeURIComponent(id)}`
      say(text.length > longestText ? `${self}@${topic}` : text)
    },
    subscribe(topic, listener) {
      const ofTopic = listeners.get(topic) ?? new Set()
      listeners.set(topic, ofTopic.add(listener))
      return () => ofTopic.delete(listener)
    },
    isConnected: () => hearing,
    async stop() {
      clearInterval(timer)
      const lastWords = async () => {
        await opening
        await saying
      }
      let late: NodeJS.Timeout | undefined
      const tooLate = new Promise<void>((resolve) => (late = setTimeout(resolve, lastWordsMs)))
      await Promise.race([lastWords(), tooLate])
      clearTimeout(late)
      stopped = true
      transport?.close()
    },
  }
}

const isTopic = (text: string | undefined): text is Topic => topics.includes(text as Topic)

/** An id that cannot be read may be any. */
function idIn(text: string): string | undefined {
  try {
    return decodeURIComponent(text) || undefined
  } catch {
    return undefined
  }
}

/** Nobody's exit waits for it. */
const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref())
