import { readdirSync, readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { auditEvents, type AuditEventName } from '../../src/audit/audit-events.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: TestPortal

beforeAll(async () => {
  server = await startServer({ YIDENG_TRUST_PROXY: 'true' })
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit' })
})

let networks = 0
const stranger = () => new Visitor(server.issuer, { 'x-forwarded-for': `198.51.100.${(networks += 1)}` })
const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }
const begin = async (visitor = stranger()) => {
  const page = await visitor.get((await portal.begin()).url)
  return { visitor, page }
}

async function codeOfCommandLine(): Promise<string> {
  const body = 'client_id=yideng-cli&scope=openid'
  const answer = await fetch(`${server.issuer}/device_authorization`, { method: 'POST', headers: form, body })
  return ((await answer.json()) as { user_code: string }).user_code
}

/** Audited requests that need no sign-in, right or client authentication. Each function makes one request. */
const byStrangers: Partial<Record<AuditEventName, Record<string, () => Promise<unknown>>>> = {
  'login.refused': {
    'a wrong password for an unknown account': async () => {
      const { visitor, page } = await begin()
      return signIn(visitor, page, `nobody${networks}`, 'Not-The-Password-1')
    },
    'no identifier': async () => {
      const { visitor, page } = await begin()
      return signIn(visitor, page, '', 'Not-The-Password-1')
    },
  },
  'portal.refused': {
    'a cancelled sign-in': async () => {
      const { visitor, page } = await begin()
      return visitor.submit(page, '/cancel', {})
    },
  },
  'recovery.refused': {
    'a code for an unknown account': async () => {
      const visitor = stranger()
      const fields = { identifier: `nobody${networks}`, knowledge: '13800010001', code: 'AAAA-AAAA-AAAA-AAAA' }
      return visitor.submit(await visitor.get('/recover/code'), '/recover/code', fields)
    },
    'an unknown link': () => stranger().get(`/recover/${'x'.repeat(43)}`),
  },
  'qr.refused': {
    'a QR code claimed without a scan': async () => {
      const { visitor, page } = await begin()
      const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
      const started = await visitor.post(`${page.url.pathname}/qr/start`, { csrf })
      const frame = /\/q\/[\w.-]+/.exec(started.html)?.[0] ?? ''
      const phone = stranger()
      return phone.submit(await phone.get(frame), frame, { look: 'x' })
    },
  },
  'device.refused': {
    'a refused command line': async () => {
      const visitor = stranger()
      const asked = await visitor.submit(await visitor.get('/device'), '/device', {
        user_code: await codeOfCommandLine(),
      })
      return visitor.submit(asked, '/device', { abort: 'yes' })
    },
  },
  'logout.all': {
    'a sign-out without session': async () => {
      const visitor = stranger()
      return visitor.submit(await visitor.get('/logout'), '/logout/confirm', {})
    },
  },
  'administrator.refused': {
    'a call without a token': () =>
      fetch(`${server.issuer}/admin/v1/client/list`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': '198.51.100.251' },
        body: '{}',
      }),
  },
}

const times = 12

const entries = async (event: string) =>
  (await services.database.selectFrom('audit_events').selectAll().where('event', '=', event).execute()).map(
    ({ details, person_id: personId }) => ({
      personId,
      ...(JSON.parse(details) as { more?: number } & Record<string, unknown>),
    }),
  )

const acts = Object.entries(byStrangers).flatMap(([event, kinds]) =>
  Object.entries(kinds).map(([what, act]) => ({ event, what, act })),
)

it.each(acts)('not every $what gets an entry', async ({ event, act }) => {
  const before = (await entries(event)).length
  for (let turn = 0; turn < times; turn += 1) await act()
  const added = (await entries(event)).length - before
  expect(added).toBeGreaterThan(0)
  // A new minute may have begun in between.
  expect(added).toBeLessThanOrEqual(4)
})

it('a person sees one entry an hour for wrong passwords of strangers', async () => {
  const person = await openPerson(services)
  for (let turn = 0; turn < 5; turn += 1) {
    const { visitor, page } = await begin()
    await signIn(visitor, page, person.username, 'Not-The-Password-1')
  }
  const about = (await entries('login.refused')).filter(({ personId }) => personId === person.id)
  expect(about).toMatchObject([{ method: 'password', code: 'sign_in_refused' }])
})

it('a server writes its sums when it stops', async () => {
  await server.kill('SIGINT')
  for (const { event } of acts) {
    const sums = (await entries(event)).filter(({ more }) => Number(more) > 0)
    expect(sums.length, event).toBeGreaterThan(0)
    for (const sum of sums) expect(sum).toMatchObject({ addresses: expect.any(Number), seconds: expect.any(Number) })
  }
  const all = (await entries('portal.refused')).reduce((sum, { more = 0 }) => sum + 1 + more, 0)
  // An entry with a sum counts only the other events.
  expect(all - (await entries('portal.refused')).filter(({ more }) => more !== undefined).length).toBe(times)
})

/** Events of known actors: a signed-in person, an administrator, an authenticated client, or this server. */
const byKnownActors =
  /^(person|channel|certificate|number|store|face|authenticator|password|method|signature|passkey|otp|session|consent|organisation|mandate|representee|client|keys|audit|approval|register|house|registration|phone|text|upstream)\.|^(recovery\.((codes|link)-(made|offered|voided)|stopped)|login\.succeeded|qr\.(scanned|approved|declined|paused|ended)|portal\.entered|token\.\w|logout\.(portal|delivered|abandoned)|administrator\.(granted|revoked|acted|revealed|looked-up))/

it('each event has a known actor, or a request above makes it', () => {
  for (const event of Object.keys(auditEvents))
    expect(event in byStrangers || byKnownActors.test(event), event).toBe(true)
  for (const event of Object.keys(byStrangers)) expect(byKnownActors.test(event), event).toBe(false)
})

it('only changes of the durable store bypass the sums, in their transaction', () => {
  const root = new URL('../../src/', import.meta.url)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const appends = files.flatMap((file) =>
    [...readFileSync(new URL(file, root), 'utf8').matchAll(/audit\.append\((\w+)/g)].map(([, first]) => ({
      file,
      first,
    })),
  )
  expect(appends.length).toBeGreaterThan(30)
  for (const { file, first } of appends) expect(first, file).toBe('transaction')
})
