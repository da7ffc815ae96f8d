import { readdirSync, readFileSync } from 'node:fs'
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
  // one IPv6 network has any number of addresses
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
  // the body has these members only, and nothing about the request
  const told = Object.keys((await held.json()) as object).sort()
  expect([
    ['error', 'reference'],
    ['kind', 'reference', 'status', 'title', 'type'],
  ]).toContainEqual(told)
})

it('limits only the /48 that asks from one /64 after another', async () => {
  const network = (index: number) => `2001:db8:77:${(index * 64).toString(16)}::1`
  const type = (from: string) => ask('/device', from, form, 'user_code=BBBB-BBBB')
  const statuses: number[] = []
  for (let index = 0; index < 60 * 16; index += 1) statuses.push((await type(network(index))).status)
  expect(new Set(statuses)).not.toContain(429)
  expect((await type(network(1000))).status).toBe(429)
  expect((await type('2001:db8:78::1')).status).not.toBe(429)
})

it('is the only way to count networks: no other code uses the narrowest one alone', () => {
  const source = new URL('../../src/', import.meta.url)
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const alone = files.filter((file) => /\.network\b|[{,] network\b/.test(readFileSync(new URL(file, source), 'utf8')))
  // these compare whether the same person asks, and whether a portal authenticated from here
  expect(alone.toSorted()).toEqual(['guards/portal-budgets.ts', 'guards/secret-guesses.ts', 'oidc/device-flow.ts'])
})
