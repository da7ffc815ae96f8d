import { connect, createServer } from 'node:net'
import { Transform } from 'node:stream'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'

/** Passes each piece on, in its order. */
const late = (delayMs: () => number) =>
  new Transform({
    transform(piece: Buffer, _encoding, pass) {
      const wait = delayMs()
      if (wait === 0) pass(null, piece)
      else setTimeout(() => pass(null, piece), wait)
    },
  })

/**
 * A TCP forwarder: the one address of servers that take over from each other. New connections go to `target()`. Open ones
 * stay where they are, as with a changed DNS entry or a balancer.
 * @param delayMs milliseconds that each piece of an answer is late
 */
export async function startForwarder(target: () => number, delayMs = () => 0): Promise<number> {
  const port = await freePort()
  const server = createServer((incoming) => {
    const outgoing = connect(target(), '127.0.0.1')
    incoming.pipe(outgoing).pipe(late(delayMs)).pipe(incoming)
    incoming.on('error', () => outgoing.destroy())
    outgoing.on('error', () => incoming.destroy())
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  afterFile(() => server.close())
  return port
}
