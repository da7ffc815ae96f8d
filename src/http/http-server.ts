import { createServer, type RequestListener, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { mostHeaderBytes } from './too-many-cookies.ts'

/** Limits of a connection in milliseconds, against clients that send a byte a minute (slow loris). */
export interface Patience {
  headers: number
  request: number
  /** Interval of that check. */
  every: number
}

const usual: Patience = { headers: 15_000, request: 30_000, every: 5000 }
/** Longer than a proxy keeps an idle connection (docs/deploy.md): the proxy must not send on a closing one. */
const keepAliveMs = 75_000
const mostConnections = 20_000

/** @param cookiesPage HTML for a browser with headers too large to read */
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

/** Enough time to read the rest of the request: a browser shows no response on a reset connection. */
const lingerMs = 2000

/** A malformed request gets a plain answer. For headers too large, it explains what to do. */
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
