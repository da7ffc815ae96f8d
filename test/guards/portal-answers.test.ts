import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createOutbound } from '../../src/guards/outbound.ts'
import { until } from '../setup/server.ts'

/** A portal that answers each connection with these bytes. */
async function portal(answer: (socket: Socket) => void) {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => undefined)
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bcl`, open }
}

const head = (status: string, ...fields: string[]) => [`HTTP/1.1 ${status}`, ...fields, '', ''].join('\r\n')
const says =
  (...bytes: string[]) =>
  (socket: Socket) =>
    void socket.end(bytes.join(''))
const keepsSaying = (begin: string, more: string) => (socket: Socket) => {
  socket.write(begin)
  const timer = setInterval(() => socket.write(more), 1)
  socket.on('close', () => clearInterval(timer))
}
const megabyte = 'x'.repeat(1_000_000)

const patienceMs = 500
const notify = createOutbound({ allowed: () => true, patienceMs })
const tell = (url: string) => notify(url, { method: 'POST', body: 'logout_token=x' })

describe('the status of a portal counts', () => {
  it.each<[string, number, (socket: Socket) => void]>([
    ['no body', 200, says(head('200 OK', 'content-length: 0'))],
    ['a short body', 200, says(head('200 OK', 'content-length: 2'), 'ok')],
    ['a body of a megabyte', 200, says(head('200 OK', 'content-length: 1000000'), megabyte)],
    ['an endless body', 200, keepsSaying(head('200 OK'), megabyte)],
    ['endless chunks', 200, keepsSaying(head('200 OK', 'transfer-encoding: chunked'), '1\r\nx\r\n')],
    ['a body that does not come', 200, (socket) => void socket.write(head('200 OK', 'content-length: 9'))],
    ['a body that ends early', 200, says(head('200 OK', 'content-length: 9'), 'x')],
    ['broken chunks', 200, says(head('200 OK', 'transfer-encoding: chunked'), 'zz\r\n')],
    ['204', 204, says(head('204 No Content'))],
    ['204 with a body', 204, says(head('204 No Content', 'content-length: 2'), 'ok')],
    ['302 to somewhere', 302, says(head('302 Found', 'location: http://127.0.0.1:1/'))],
    ['400 with a page', 400, says(head('400 Bad Request'), megabyte)],
    ['503', 503, says(head('503 Service Unavailable', 'retry-after: 9'))],
    ['100 before 200', 200, says(head('100 Continue'), head('200 OK', 'content-length: 0'))],
  ])('%s: %s', async (_what, status, answer) => {
    const { url, open } = await portal(answer)
    const began = performance.now()
    expect((await tell(url)).status).toBe(status)
    expect(performance.now() - began).toBeLessThan(patienceMs)
    await until(async () => open.size === 0)
  })

  it.each<[string, (socket: Socket) => void]>([
    ['no answer', () => undefined],
    ['a head that does not end', keepsSaying('HTTP/1.1 200 OK\r\n', 'a: b\r\n')],
    ['a slow head', (socket) => void socket.write('HTTP/1.1 200')],
    ['100 for ever', keepsSaying('', head('100 Continue'))],
    ['no HTTP', says('SSH-2.0-x\r\n')],
    ['nothing', (socket) => void socket.end()],
    ['a reset', (socket) => void socket.resetAndDestroy()],
    ['101', says(head('101 Switching Protocols', 'upgrade: x', 'connection: upgrade'))],
    ['status 999', says(head('999 Odd', 'content-length: 0'))],
    ['status 600', says(head('600 Odd', 'content-length: 0'))],
  ])('%s is a failure in bounded time', async (_what, answer) => {
    const { url, open } = await portal(answer)
    const began = performance.now()
    await expect(tell(url)).rejects.toThrow()
    expect(performance.now() - began).toBeLessThan(2 * patienceMs)
    await until(async () => open.size === 0)
  })
})
