import type { ServerResponse } from 'node:http'
import type Koa from 'koa'
import { listenError } from '../config/machine-errors.ts'
import { createHttpServer } from './http-server.ts'

/** Longest wait for requests under way when the server stops. */
export const underWayMs = 10_000

/**
 * Serves until the process gets SIGINT or SIGTERM. After SIGTERM it goes on for `drainMs` while it says that it stops: each response is
 * the last of its connection, so that a proxy sends nothing on one that ends. Then it finishes the requests under way, ends
 * streams, which their pages open again, and calls `close`. SIGINT comes from a person at the keyboard, who waits for no balancer.
 */
export async function serve(options: {
  app: Koa
  host: string
  port: number
  cookiesPage: string
  drainMs: number
  /** Called once, at the first signal. */
  stopping(): void
  close(): Promise<void>
}): Promise<void> {
  const { app, host, port, cookiesPage, drainMs, close } = options
  const answer = app.callback()
  const answering = new Set<ServerResponse>()
  let stopping = false
  let listening = true
  // one function for both signals: `close` runs once
  function answered(this: ServerResponse) {
    answering.delete(this)
  }
  const server = createHttpServer((request, response) => {
    answering.add(response)
    if (stopping) isLast(response)
    response.on('close', answered)
    void answer(request, response)
  }, cookiesPage)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)))
    server.listen(port, host, resolve)
  })

  const begin = () => {
    if (!stopping) options.stopping()
    stopping = true
  }
  const drain = () => {
    begin()
    setTimeout(stop, drainMs).unref() // the open port keeps the process; after SIGINT nothing does
  }
  const stop = () => {
    if (!listening) return
    begin()
    listening = false
    server.close(() => void close())
    server.closeIdleConnections()
    for (const response of answering) {
      if (isStream(response)) response.destroy()
      else isLast(response)
    }
    setTimeout(() => server.closeAllConnections(), underWayMs).unref()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', drain)
}

/** Closes the connection with the response: a proxy would keep it open, and the process would wait. */
function isLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close')
}

const isStream = (response: ServerResponse) =>
  String(response.getHeader('content-type')).startsWith('text/event-stream')
