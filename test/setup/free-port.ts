import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the range from which the system gives ports to outgoing connections and to `listen(0)`: none of them comes between. */
const [lowest, highest] = [10_200, 32_700]
const given = new Set<number>()

const listens = (port: number, host: string) =>
  new Promise<boolean>((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, host, () => probe.close(() => resolve(true)))
  })

/** A port of this machine on which nothing listens. It is drawn at random, so that no other process draws the same. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest)
    if (given.has(port)) continue
    given.add(port)
    if ((await listens(port, '127.0.0.1')) && (await listens(port, 'localhost'))) return port
  }
}
