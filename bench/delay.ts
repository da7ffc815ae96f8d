import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Sends what arrives here to the other side, `ms` later and in its order. */
function later(from: Socket, to: Socket, ms: number) {
  from.on('data', (bytes) => {
    if (ms === 0) to.write(bytes)
    else setTimeout(() => to.write(bytes), ms)
  })
  from.on('close', () => setTimeout(() => to.end(), ms)).on('error', () => undefined)
}

/** A way to the server of this URL that takes `ms` in each direction. @returns the URL of its near end */
export async function delayed(url: string, ms: number): Promise<{ url: string; stop(): void }> {
  const server = new URL(url)
  const way = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(server.port), host: server.hostname, noDelay: true })
    later(near, far, ms)
    later(far, near, ms)
  })
  await once(way.listen(0, '127.0.0.1'), 'listening')
  const here = new URL(url)
  here.port = String((way.address() as AddressInfo).port)
  return { url: here.href, stop: () => void way.close() }
}
