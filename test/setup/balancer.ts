import { createServer, request } from 'node:http'
import { afterFile } from './after-file.ts'

/**
 * Sends each request to the next of these ports. If a port does not answer, it tries the one after it.
 * The caller may change the list while it runs.
 */
export async function balance(port: number, targets: number[]): Promise<void> {
  let turn = 0
  const server = createServer((incoming, outgoing) => {
    const body: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => body.push(chunk))
    incoming.on('end', () => {
      const first = turn++
      const attempt = (tried: number) => {
        const { method, url: path, headers } = incoming
        const target = targets[(first + tried) % targets.length]
        const forwarded = request({ host: '127.0.0.1', port: target, method, path, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(outgoing)
        })
        forwarded.on('error', () => (tried + 1 < targets.length ? attempt(tried + 1) : outgoing.writeHead(502).end()))
        forwarded.end(Buffer.concat(body))
      }
      attempt(0)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve))
  afterFile(() => server.close())
}
