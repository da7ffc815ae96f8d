import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { startServer, type RunningServer } from '../setup/server.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_PORTAL_CALLS: '10', YIDENG_ADDRESS_REQUESTS: '30', YIDENG_TRUST_PROXY: 'true' })
  services = await server.services()
})

let made = 0

async function service() {
  made += 1
  const created = await services.clients.create(
    { name: `服务${'甲乙丙丁戊己庚辛'.charAt(made)}`, type: 'service', redirect_uris: [], scope: 'openid' },
    'administrator:test',
  )
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  const call = (secret = created.secret ?? '', { path = '/token', from = '198.51.100.1' } = {}) =>
    fetch(`${server.issuer}${path}`, {
      method: 'POST',
      headers: {
        'x-forwarded-for': from,
        authorization: `Basic ${Buffer.from(`${created.client.id}:${secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&token=x',
    })
  return { id: created.client.id, call }
}

const audited = async (id: string) =>
  (await services.database.selectFrom('audit_events').select('details').where('client_id', '=', id).execute())
    .map(({ details }) => details)
    .filter((details) => details.includes('everywhere'))

it('makes only the guessing network wait, at each endpoint, with one audit entry', async () => {
  const { id, call } = await service()
  const paths = ['/token', '/introspect', '/revoke', '/par']
  const guess = (turn: number) => call('wrong', { path: paths[turn % paths.length] ?? '', from: '198.51.100.7' })
  for (let turn = 0; turn < 20; turn += 1) expect((await guess(turn)).status, paths[turn % 4]).toBe(401)
  await guess(0)
  for (const path of paths) {
    const held = await call(undefined, { path, from: '198.51.100.7' })
    expect(held.status, path).toBe(429)
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await held.json()).toMatchObject({ error: 'temporarily_unavailable' })
  }
  expect((await call(undefined, { from: '198.51.100.8' })).status).toBe(200)
  expect(await audited(id)).toEqual(['{"everywhere":false}'])
})

it('limits only the portal that used up its minute, and a stranger cannot use it up', async () => {
  const [wild, calm] = [await service(), await service()]
  for (let index = 0; index < 15; index += 1) expect((await calm.call('wrong')).status).toBe(401)
  for (let index = 0; index < 10; index += 1) expect((await wild.call()).status).toBe(200)
  const held = await wild.call()
  expect(held.status).toBe(429)
  expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await held.json()).toMatchObject({ error: 'temporarily_unavailable' })
  expect((await calm.call()).status).toBe(200)
  expect(server.output()).not.toContain('"level":50')
})

it('limits a network with too many requests, with a plain page', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => fetch(`${server.issuer}/register`, { headers: { accept: 'text/html' } })),
  )
  const held = answers.filter(({ status }) => status === 429)
  expect(held.length).toBeGreaterThan(10)
  expect(Number(held[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await held[0]?.text()).toContain('<html')
  expect((await fetch(`${server.issuer}/healthz`)).status).toBe(200)
})
