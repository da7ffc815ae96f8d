import { connect } from 'node:net'
import { request } from 'node:http'
import { beforeAll, expect, it } from 'vitest'
import { startServer, type RunningServer } from '../setup/server.ts'

const issuer = 'https://login.example'
let server: RunningServer

// https only by name: the test checks what it sends
beforeAll(async () => {
  server = await startServer({ YIDENG_ISSUER: issuer })
})

function ask(path: string, headers: Record<string, string>, method = 'GET') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>((resolve, reject) => {
    const port = server.environment['PORT']
    const all = { host: 'login.example', accept: 'text/html', ...headers }
    request({ port, path, method, headers: all, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
      .on('error', reject)
      .end()
  })
}

/** Cookies of a neighbour host, each of the largest size that a browser keeps. */
const bomb = (cookies: number) =>
  Array.from({ length: cookies }, (_, index) => `bomb${index}=${'x'.repeat(3900)}`).join('; ')

const paths = ['/', '/authorize?client_id=x', '/login/x', '/account', '/device', '/q/1.x.0.y', '/logout', '/recover']

it.each(paths)('%s explains plainly what to do about too many cookies', async (path) => {
  const { status, text, headers } = await ask(path, { cookie: bomb(5) })
  expect({ status, path }).toEqual({ status: 431, path })
  expect(text).toContain('这个浏览器里的网站记录太多了')
  expect(text).toContain('action="/cookies/clear"')
  expect(headers['cache-control']).toBe('no-store')
  // otherwise any link to us would sign people out of the whole domain
  expect(headers['clear-site-data']).toBeUndefined()
})

it('clears them only for our own page, and only when there are too many', async () => {
  const post = (headers: Record<string, string>, path = '/cookies/clear') => ask(path, headers, 'POST')
  const cleared = await post({ cookie: bomb(5), origin: issuer })
  expect(cleared).toMatchObject({ status: 200, headers: { 'clear-site-data': '"cookies"' } })
  expect(cleared.text).toContain('记录已经清除')
  const others = [
    await post({ cookie: bomb(5) }),
    await post({ cookie: bomb(5), origin: 'https://evil.example' }),
    await post({ cookie: bomb(5), origin: 'null' }),
    await post({ cookie: bomb(5), origin: issuer }, '/register'),
    await ask('/cookies/clear', { cookie: bomb(5), origin: issuer }),
    await post({ cookie: 'a=b', origin: issuer }),
    await ask('/cookies/clear', { cookie: 'a=b', origin: issuer }),
  ]
  for (const { status, headers } of others) {
    expect(status).toBeGreaterThanOrEqual(400)
    expect(headers['clear-site-data']).toBeUndefined()
  }
})

it.each([10, 40])('explains it also for headers too large to read (%i cookies)', async (cookies) => {
  const said = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(server.environment['PORT']), '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
    socket.write(`GET / HTTP/1.1\r\nHost: login.example\r\nCookie: ${bomb(cookies)}\r\n\r\n`)
  })
  expect(said).toMatch(/^HTTP\/1\.1 431 /)
  expect(said).toMatch(/cache-control: no-store/i)
  expect(said).not.toMatch(/clear-site-data/i)
  expect(said).toContain('这个浏览器里的网站记录太多了')
  expect(said).toContain('choose “Clear browsing data”')
})
