import { createServer, type RequestListener, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { mostHeaderBytes } from './too-many-cookies.ts'

/** How long a connection may take, in milliseconds: who sends a byte a minute does not keep one (slow loris). */
export interface Patience {
  headers: number
  request: number
  /** How often that is looked at. */
  every: number
}

const usual: Patience = { headers: 15_000, request: 30_000, every: 5000 }
/** Longer than a proxy keeps an idle connection (docs/deploy.md): it must not send on one that is being closed. */
const keepAliveMs = 75_000
const mostConnections = 20_000

/** @param cookiesPage what a browser reads whose headers are too large to be read, as HTML */
export function createHttpServer(answer: RequestListener, cookiesPage: string, patience: Patience = usual): Server {
  const server = createServer(
    {
      headersTimeout: patience.headers,
      requestTimeout: patience.request,
      connectionsCheckingInterval: patience.every,
      keepAliveTimeout: keepAliveMs,
      optimizeEmptyRequests: true,
      maxHeaderSize: mostHeaderBytes,
    },
    answer,
  )
  server.maxConnections = mostConnections
  server.on('clientError', (error, socket) => refuseConnection(error, socket, cookiesPage))
  return server
}

const statusOf: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
}

/** Long enough to send what a browser still had to say: a connection that is reset shows no answer. */
const lingerMs = 2000

/** What cannot be read as a request gets a plain answer; of headers too large it says what to do. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Duplex, cookiesPage: string): void {
  if (!socket.writable) return
  const status = statusOf[error.code ?? ''] ?? '400 Bad Request'
  const body = error.code === 'HPE_HEADER_OVERFLOW' ? cookiesPage : ''
  const headers = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Cache-Control: no-store',
    'Content-Type: text/html; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    "Content-Security-Policy: default-src 'none';base-uri 'none';frame-ancestors 'none'",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`)
  setTimeout(() => socket.destroy(), body ? lingerMs : 0).unref()
}
