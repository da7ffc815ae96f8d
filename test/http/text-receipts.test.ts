import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { afterFile } from '../setup/after-file.ts'
import { residentId } from '../setup/people.ts'
import { csrfOf } from '../setup/room.ts'
import { until, type RunningServer } from '../setup/server.ts'
import { startSmsServer, type SmsGateway } from '../setup/sms-server.ts'
import { Visitor } from '../setup/visitor.ts'

const secret = 'a'.repeat(32)
let server: RunningServer
let gateway: SmsGateway

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-test-'))
  afterFile(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'phone.json')
  writeFileSync(file, JSON.stringify({ receipts: { secret } }))
  ;({ gateway, server } = await startSmsServer({ YIDENG_PHONE_VENDORS: file, YIDENG_ADDRESS_REGISTRATIONS: '100000' }))
})

const report = (body: string, { to = secret, type = 'application/json' } = {}) =>
  fetch(`${server.issuer}/texts/receipts/${to}`, { method: 'POST', headers: { 'content-type': type }, body })

const counted = async (outcome: string) => {
  const text = await (await fetch(`${server.issuer}/metrics`)).text()
  const [, value] =
    new RegExp(`^yideng_text_receipts_total\\{sender="webhook",outcome="${outcome}"\\} (\\d+)`, 'm').exec(text) ?? []
  return Number(value)
}

let people = 0
/** A registration that waits for its code, and the id of its text. */
async function waiting() {
  people += 1
  const phone = `1370005${1000 + people}`
  const visitor = new Visitor(server.issuer)
  const form = {
    step: '1',
    name: '林小梅',
    document_type: 'resident_id',
    document_number: residentId(`4403051988021${7000 + people}`),
    phone,
  }
  const csrf = csrfOf(await visitor.get('/register'))
  const post = (step: string, fields: Record<string, string> = {}) =>
    visitor.post(`/register${step}`, { csrf, ...fields })
  await post('', form)
  await gateway.textTo(`+86${phone}`)
  return { visitor, post, phone, id: gateway.ids.at(-1) ?? '' }
}

it('a failed text shows on the page of the code, and another comes at once', async () => {
  const { visitor, post, phone, id } = await waiting()
  expect(id).toMatch(/^[\da-f-]{36}$/)
  const before = await counted('failed')
  expect((await visitor.get('/register/code')).html).not.toContain('没有送到')
  const answer = await report(JSON.stringify([{ id, delivered: false }]))
  expect([answer.status, await answer.json()]).toEqual([200, {}])
  // a repeated receipt, and a later one that says otherwise
  await report(
    JSON.stringify([
      { id, delivered: false },
      { id, delivered: true },
    ]),
  )
  expect(await counted('failed')).toBe(before + 1)
  expect((await visitor.get('/register/code')).html).toContain('没有送到')
  expect((await post('/code/again')).status).toBe(200)
  await gateway.textTo(`+86${phone}`, 1)
  expect((await visitor.get('/register/code')).html).not.toContain('没有送到')
})

it('a text that arrived is counted', async () => {
  const { id } = await waiting()
  const receipts = JSON.stringify([
    { id, delivered: true },
    { id: 'of another system', delivered: true },
  ])
  // the id is stored a moment after the gateway has answered, and each receipt counts once
  const reported = async () => {
    await report(receipts)
    return counted('delivered')
  }
  await expect.poll(reported, { timeout: 10_000 }).toBe(1)
  expect(await reported()).toBe(1)
})

it('another address than that of the settings is none, and tells nothing', async () => {
  const { visitor, id } = await waiting()
  for (const to of ['b'.repeat(32), secret.slice(1), `${secret}a`, 'receipts'])
    expect((await report(JSON.stringify([{ id, delivered: false }]), { to })).status).toBe(404)
  expect((await visitor.get('/register/code')).html).not.toContain('没有送到')
})

it.each([
  ['no JSON', 'x13800138000', {}, 400],
  ['another form', '[{"phone":"13800138000"}]', {}, 400],
  ['no type', '[]', { type: 'text/plain' }, 415],
  ['a long body', `[${'{"id":"x","delivered":true},'.repeat(12_000)}{}]`, {}, 413],
])('refuses %s, and shows nothing of it', async (_what, body, how, status) => {
  const answer = await report(body, how)
  expect(answer.status).toBe(status)
  expect(await answer.text()).not.toContain('13800138000')
  await until(async () => server.output().includes('no receipts of webhook'))
  expect(server.output()).not.toContain('13800138000')
})
