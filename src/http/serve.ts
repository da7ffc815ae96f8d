import type { ServerResponse } from 'node:http'
import type Koa from 'koa'
import { listenError } from '../config/machine-errors.ts'
import { createHttpServer } from './http-server.ts'

/** Longest wait for requests under way when the server stops. */
export const drainMs = 10_000

/**
 * Serves until the process gets SIGINT or SIGTERM. Then it finishes the requests under way, ends streams, which their
 * pages open again, and calls `close`.
 */
export async function serve(options: {
  app: Koa
  host: string
  port: number
  cookiesPage: string
  close(): Promise<void>
}): Promise<void> {
  const { app, host, port, cookiesPage, close } = options
  const answer = app.callback()
  const answering = new Set<ServerResponse>()
  let stopping = false
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

  const stop = () => {
    if (stopping) return
    stopping = true
    server.close(() => void close())
    server.closeIdleConnections()
    for (const response of answering) {
      if (isStream(response)) response.destroy()
      else isLast(response)
    }
    setTimeout(() => server.closeAllConnections(), drainMs).unref()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

/** Closes the connection with the response: a proxy would keep it open, and the process would wait. */
function isLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close')
}

const isStream = (response: ServerResponse) =>
  String(response.getHeader('content-type')).startsWith('text/event-stream')
