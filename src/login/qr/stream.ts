import { PassThrough } from 'node:stream'
import type { Clock } from '../../config/clock.ts'
import type { RouterContext } from '../method.ts'
import type { ComputerView } from './computer-view.ts'

/** Twice a second: what the phone does is seen soon, and a frame is never much later than its second. */
const tickMs = 500
/** A line at least this often, so that page and proxies know that the connection lives. */
const heartbeatMs = 2000
/** A page that does not read any more is let go. */
const mostUnread = 16 * 1024

const goesOn: ReadonlySet<string> = new Set(['created', 'scanned', 'approved'])

/** The open pages of this process, each once: a page that comes again takes over. */
export interface QrStreams {
  open(ctx: RouterContext, id: string, look: () => Promise<ComputerView | undefined>): void
}

/**
 * Server-sent events (HTML Living Standard 9.2): one message for each frame and each change. Nothing is kept here that
 * another process would need: every tick reads the store.
 */
export function createQrStreams(clock: Clock): QrStreams {
  const open = new Map<string, () => void>()

  return {
    open(ctx, id, look) {
      open.get(id)?.()
      const stream = new PassThrough()
      let last = ''
      let saidAt = 0
      let timer: NodeJS.Timeout | undefined
      let ended = false

      const end = () => {
        if (ended) return
        ended = true
        clearTimeout(timer)
        if (open.get(id) === end) open.delete(id)
        stream.end()
      }

      const tick = async () => {
        const view = await look()
        if (ended) return
        if (!view || stream.writableLength > mostUnread) return end()
        const { age = 0, left: _left, ...content } = view
        const text = JSON.stringify(content)
        const now = clock()
        if (text !== last || now - saidAt >= heartbeatMs) {
          stream.write(`data: ${JSON.stringify(view)}\n\n`)
          last = text
          saidAt = now
        }
        if (!goesOn.has(view.state)) return end()
        // the next tick falls on the next frame, or half-way to it
        timer = setTimeout(run, tickMs - (age % tickMs))
      }
      const run = () => {
        tick().catch(end)
      }

      open.set(id, end)
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
