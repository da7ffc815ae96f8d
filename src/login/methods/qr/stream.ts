import { PassThrough } from 'node:stream'
import type { Clock } from '../../../config/clock.ts'
import type { Events } from '../../../storage/events.ts'
import type { RouterContext } from '../../method.ts'
import type { ComputerView } from './computer/computer-view.ts'
import type { QrTransaction } from './states.ts'

/** A frame is never much later than its second. */
const frameMs = 1000
/** Without events from other processes the store is read twice a second. */
const askMs = 500
/** With events the store is read this seldom: a lost event delays a page no longer. */
const seldomMs = 10_000
/** A message is sent at least this often, so that page and proxies see an open connection. */
const heartbeatMs = 2000
/** Bytes. A page that stops reading is disconnected. */
const mostUnread = 16 * 1024

const goesOn: ReadonlySet<string> = new Set(['created', 'scanned', 'approved'])

/** The login that one page waits for. */
export interface AwaitedLogin {
  /** As the store has it. */
  read(): Promise<QrTransaction | undefined>
  /** As it is after the time that passed since it was read. */
  now(transaction: QrTransaction): QrTransaction
  view(transaction: QrTransaction): ComputerView
}

/** The open pages of this process, one for each login: a new connection replaces the old one. */
export interface QrStreams {
  open(ctx: RouterContext, id: string, login: AwaitedLogin): void
}

/**
 * Server-sent events (HTML Living Standard 9.2): one message for each frame and each change. Frames are made without the store. The
 * store is read when any process has changed this login.
 */
export function createQrStreams(deps: { clock: Clock; events: Events; renew: () => void }): QrStreams {
  const { clock, events, renew } = deps
  const open = new Map<string, { end(): void; changed(): void }>()

  events.subscribe('qr', (id) => {
    renew()
    for (const page of id === undefined ? open.values() : [open.get(id)]) page?.changed()
  })

  return {
    open(ctx, id, login) {
      open.get(id)?.end()
      const stream = new PassThrough()
      let known: QrTransaction | undefined
      let readAt = 0
      let last = ''
      let saidAt = 0
      let timer: NodeJS.Timeout | undefined
      let running = false
      let stale = true
      let ended = false

      const end = () => {
        if (ended) return
        ended = true
        clearTimeout(timer)
        if (open.get(id) === page) open.delete(id)
        stream.end()
      }

      /** Whether the store may have another state: its time may be over, and the first reader writes that down. */
      const mayBeOther = (now: number) =>
        stale ||
        !known ||
        now - readAt >= (events.isConnected() ? seldomMs : 0) ||
        login.now(known).state !== known.state

      const tick = async () => {
        const now = clock()
        if (mayBeOther(now)) {
          stale = false
          readAt = now
          known = await login.read()
        }
        if (ended) return
        if (!known || stream.writableLength > mostUnread) return end()
        const view = login.view(known)
        say(view)
        if (!goesOn.has(view.state)) return end()
        const everyMs = events.isConnected() ? frameMs : askMs
        // the next tick falls on the next frame
        timer = setTimeout(run, stale ? 0 : everyMs - ((view.age ?? 0) % everyMs))
      }

      const say = (view: ComputerView) => {
        const { age: _age, left: _left, ...content } = view
        const text = JSON.stringify(content)
        const now = clock()
        if (text === last && now - saidAt < heartbeatMs) return
        stream.write(`data: ${JSON.stringify(view)}\n\n`)
        last = text
        saidAt = now
      }

      const run = () => {
        running = true
        tick()
          .catch(end)
          .finally(() => {
            running = false
          })
      }

      const page = {
        end,
        changed() {
          stale = true
          if (running) return
          clearTimeout(timer)
          run()
        },
      }

      open.set(id, page)
      stream.on('close', end)
      ctx.req.on('close', end)
      ctx.set('cache-control', 'no-store, no-transform')
      ctx.set('x-accel-buffering', 'no')
      ctx.type = 'text/event-stream'
      ctx.body = stream
      run()
    },
  }
}
