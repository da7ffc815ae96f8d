import { beforeAll, expect, it } from 'vitest'
import { startServer, type RunningServer } from '../setup/server.ts'

let server: RunningServer
beforeAll(async () => {
  server = await startServer({ YIDENG_TRUST_PROXY: 'true' })
})

const ask = (path: string, network: string, headers: Record<string, string> = {}, body = '') =>
  fetch(`${server.issuer}${path}`, {
    method: 'POST',
    headers: { accept: 'application/json', 'x-forwarded-for': network, ...headers },
    body,
  })
const form = { 'content-type': 'application/x-www-form-urlencoded' }

it.each([
  ['codes for a command line asked for', '/device_authorization', form, 'client_id=yideng-cli&scope=openid', 60],
  ['user codes typed', '/device', form, 'user_code=BBBB-BBBB', 60],
  ['calls of the admin API without a right', '/admin/v1/client/list', { 'content-type': 'application/json' }, '{}', 60],
])('holds back one network with too many %s, and no other', async (_what, path, headers, body, most) => {
  // one network of IPv6 has as many addresses as it likes
  const network = (index: number) => (path === '/device' ? `2001:db8::${index + 1}:0:0:1` : `203.0.113.${path.length}`)
  const refused = (await ask(path, network(0), headers, body)).status
  expect(refused).not.toBe(429)
  for (let index = 1; index < most; index += 1) {
    expect((await ask(path, network(index), headers, body)).status).toBe(refused)
  }
  const held = await ask(path, network(most), headers, body)
  expect(held.status).toBe(429)
  expect(held.headers.get('retry-after')).toBe('600')
  expect((await ask(path, '198.51.100.9', headers, body)).status).toBe(refused)
  // it says that, and nothing about what was asked for
  const told = Object.keys((await held.json()) as object).sort()
  expect([
    ['error', 'reference'],
    ['kind', 'reference', 'status', 'title', 'type'],
  ]).toContainEqual(told)
})
