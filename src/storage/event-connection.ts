import { randomBytes, randomInt } from 'node:crypto'
import type { OpenTransport, Transport } from './event-transport.ts'

/** A process sends itself a text this often. A dead connection is found after twice that. */
const selfCheckMs = 5000
const firstWaitMs = 50
const longestWaitMs = 2000
const stopMs = 1000
const maxUnsent = 1000

export interface EventConnectionOptions {
  open: OpenTransport
  /** A command line does not listen: its connection opens with the first text. */
  listens: boolean
  received(text: string): void
  connectionChanged(connected: boolean): void
  /** Called once per loss, not for each attempt to connect again. */
  failed(error: unknown): void
  /** Replaces the unsent texts when there are too many. */
  summary: readonly string[]
}

/** Keeps one transport open, connects again after a loss, and sends then what could not be sent before. */
export class EventConnection {
  readonly #options: EventConnectionOptions
  readonly #self = randomBytes(6).toString('hex')
  readonly #unsent = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #transport: Transport | undefined
  #opening: Promise<void> | undefined
  #sending: Promise<unknown> = Promise.resolve()
  /** Attempts since the last text of this process arrived at itself. */
  #attempts = 0
  #selfReceived = false
  #connected = false
  #reported = false
  #stopped = false

  constructor(options: EventConnectionOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#checkSelf(), selfCheckMs).unref()
    if (options.listens) this.#reopen()
    else clearInterval(this.#timer)
  }

  get isConnected(): boolean {
    return this.#connected
  }

  send(text: string): void {
    const transport = this.#transport
    if (!transport) {
      this.#keepUnsent(text)
      return this.#reopen()
    }
    const sent = transport.send(`${this.#self}@${text}`).catch((error: unknown) => {
      this.#keepUnsent(text)
      this.#lose(transport, error)
    })
    this.#sending = Promise.all([this.#sending, sent])
    return undefined
  }

  /** Waits at most a second for texts that are not sent yet. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    const sent = async () => {
      await this.#opening
      await this.#sending
    }
    let late: NodeJS.Timeout | undefined
    const tooLate = new Promise<void>((resolve) => (late = setTimeout(resolve, stopMs)))
    await Promise.race([sent(), tooLate])
    clearTimeout(late)
    this.#stopped = true
    this.#transport?.close()
  }

  #reopen(): void {
    this.#opening ??= this.#openOnce().finally(() => {
      this.#opening = undefined
      if (!this.#transport && !this.#stopped) this.#reopen()
    })
  }

  async #openOnce(): Promise<void> {
    const { open, listens } = this.#options
    if (this.#attempts > 0)
      await pause(Math.min(firstWaitMs * 2 ** Math.min(this.#attempts, 10), longestWaitMs) + randomInt(firstWaitMs))
    this.#attempts += 1
    let opened: Transport | undefined
    const receiver = {
      received: (text: string) => this.#receive(text),
      lost: (error: unknown) => this.#lose(opened, error),
    }
    try {
      opened = await open(listens ? receiver : undefined)
    } catch (error) {
      this.#report(error)
      return
    }
    if (this.#stopped) return opened.close()
    this.#transport = opened
    const texts = [...this.#unsent]
    this.#unsent.clear()
    for (const text of texts) this.send(text)
    return this.#sendToSelf()
  }

  #receive(text: string): void {
    const sender = text.slice(0, text.indexOf('@'))
    if (sender !== this.#self) return this.#options.received(text.slice(sender.length + 1))
    this.#selfReceived = true
    this.#reported = false
    this.#attempts = 0
    return this.#setConnected(true)
  }

  #lose(which: Transport | undefined, error: unknown): void {
    if (this.#stopped || which !== this.#transport || !this.#transport) return
    this.#transport.close()
    this.#transport = undefined
    this.#setConnected(false)
    this.#report(error)
    this.#reopen()
  }

  #report(error: unknown): void {
    if (!this.#reported) this.#options.failed(error)
    this.#reported = true
  }

  #setConnected(connected: boolean): void {
    if (this.#connected === connected) return
    this.#connected = connected
    this.#options.connectionChanged(connected)
  }

  #checkSelf(): void {
    if (!this.#transport) return
    if (this.#selfReceived) this.#sendToSelf()
    else this.#lose(this.#transport, new Error('events do not come through'))
  }

  #sendToSelf(): void {
    this.#selfReceived = false
    if (this.#options.listens) this.send('self')
  }

  #keepUnsent(text: string): void {
    if (text === 'self') return
    if (this.#unsent.size >= maxUnsent) {
      this.#unsent.clear()
      for (const one of this.#options.summary) this.#unsent.add(one)
    }
    this.#unsent.add(text)
  }
}

/** Does not keep the process alive. */
const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref())
