import { connect, type AddressInfo } from 'node:net'
import { onTestFinished, expect, it } from 'vitest'
import { createHttpServer } from '../../src/http/http-server.ts'

it.each([
  ['headers', 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '],
  ['a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n'],
])('keeps no connection that sends %s a byte at a time', async (_what, begin) => {
  const server = createHttpServer((request, response) => request.resume().on('end', () => response.end()), '', {
    headers: 150,
    request: 200,
    every: 50,
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const trickle = setInterval(() => socket.write('x'), 20)
  onTestFinished(() => clearInterval(trickle))
  socket.on('error', () => {})
  socket.write(begin)
  const began = performance.now()
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await new Promise((resolve) => socket.once('close', resolve))
  expect(performance.now() - began).toBeLessThan(2000)
  expect(said).toContain('408')
})
