import { connect, createServer } from 'node:net'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'

/**
 * A TCP forwarder: the one address of servers that take over from each other. New connections go to `target()`. Open ones
 * stay where they are, as with a changed DNS entry or a balancer.
 */
export async function startForwarder(target: () => number): Promise<number> {
  const port = await freePort()
  const server = createServer((incoming) => {
    const outgoing = connect(target(), '127.0.0.1')
    incoming.pipe(outgoing).pipe(incoming)
    incoming.on('error', () => outgoing.destroy())
    outgoing.on('error', () => incoming.destroy())
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  afterFile(() => server.close())
  return port
}
