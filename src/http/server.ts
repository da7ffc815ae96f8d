import { createServer, type RequestListener, type Server } from 'node:http'

/** How long a connection may take, in milliseconds: who sends a byte a minute does not keep one (slow loris). */
export interface Patience {
  headers: number
  request: number
  /** How often that is looked at. */
  every: number
}

const usual: Patience = { headers: 15_000, request: 30_000, every: 5000 }
const mostConnections = 20_000

export function createHttpServer(answer: RequestListener, patience: Patience = usual): Server {
  const server = createServer(
    {
      headersTimeout: patience.headers,
      requestTimeout: patience.request,
      connectionsCheckingInterval: patience.every,
      optimizeEmptyRequests: true,
    },
    answer,
  )
  server.maxConnections = mostConnections
  return server
}
