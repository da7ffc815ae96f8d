import { createServer, request } from 'node:http'
import { afterFile } from './after-file.ts'

/** Hands each request to the next of these ports in turn, or to the one after it where nobody answers. */
export async function balance(port: number, targets: number[]): Promise<void> {
  let turn = 0
  const server = createServer((incoming, outgoing) => {
    const body: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => body.push(chunk))
    incoming.on('end', () => {
      const attempt = (left: number) => {
        const { method, url: path, headers } = incoming
        const target = targets[turn++ % targets.length]
        const forwarded = request({ host: '127.0.0.1', port: target, method, path, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(outgoing)
        })
        forwarded.on('error', () => (left > 0 ? attempt(left - 1) : outgoing.writeHead(502).end()))
        forwarded.end(Buffer.concat(body))
      }
      attempt(targets.length - 1)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve))
  afterFile(() => server.close())
}
