import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'
import { postgresServer } from './parts.ts'

/**
 * The PostgreSQL of the tests behind another door: with TLS and this certificate, or without TLS (PostgreSQL
 * documentation, "SSL Session Encryption"). The door tells how each connection came in.
 */
export async function postgresDoor(certificate?: { key: string; cert: string }) {
  const came: ('TLS' | 'plain')[] = []
  const context = certificate && {
    isServer: true,
    secureContext: createSecureContext({ key: readFileSync(certificate.key), cert: readFileSync(certificate.cert) }),
  }
  const pass = (incoming: Socket, how: 'TLS' | 'plain', first?: Buffer) => {
    const { hostname, port } = new URL(postgresServer)
    const outgoing = connect(Number(port), hostname)
    incoming.on('error', () => outgoing.destroy())
    outgoing.on('error', () => incoming.destroy())
    came.push(how)
    if (first) outgoing.write(first)
    incoming.pipe(outgoing).pipe(incoming)
  }
  const server = createServer((incoming) => {
    incoming.on('error', () => undefined)
    incoming.once('data', (first) => {
      if (first.readInt32BE(4) !== sslRequest) return pass(incoming, 'plain', first)
      if (!context) return incoming.end('N')
      incoming.write('S')
      const secured = new TLSSocket(incoming, context)
      secured.on('error', () => incoming.destroy())
      secured.once('secure', () => pass(secured, 'TLS'))
      return undefined
    })
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, resolve))
  afterFile(() => server.close())
  return { port, came }
}

/** The code of the message SSLRequest, where others have their protocol version. */
const sslRequest = 80_877_103
