import { request, type Server } from 'node:http'
import { createServer } from 'node:https'
import type { Running } from '../../listen.ts'
import { DemoError } from '../demo-error.ts'
import type { Lan, LanCertificates } from './lan.ts'

/** Waits until a server listens. @throws DemoError where the port is taken */
export async function listenOn(server: Pick<Server, 'once' | 'listen'>, port: number, address: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new DemoError(`Port ${port} of ${address} cannot be opened: ${error.message}`)),
    )
    server.listen(port, address, resolve)
  })
}

/** TLS in front of a server of this machine: the same port, on the address of the network. */
export async function startFront(
  { address, host }: Lan,
  { cert, key }: Pick<LanCertificates, 'cert' | 'key'>,
  port: number,
): Promise<Running> {
  const server = createServer({ cert, key }, (asked, answer) => {
    const headers = {
      ...asked.headers,
      // what the visitor says about itself is not passed on
      forwarded: undefined,
      'x-forwarded-for': asked.socket.remoteAddress,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': undefined,
    }
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
    const inner = request(
      { host: '127.0.0.1', port, method: asked.method, path: asked.url, headers: given },
      (found) => {
        answer.writeHead(found.statusCode ?? 502, found.rawHeaders)
        found.pipe(answer)
      },
    )
    inner.on('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()))
    answer.on('close', () => inner.destroy())
    asked.pipe(inner)
  })
  await listenOn(server, port, address)
  return {
    url: `https://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
