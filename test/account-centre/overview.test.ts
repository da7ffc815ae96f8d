import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { createCheckpoints } from '../../src/audit/checkpoints.ts'
import { checkReceipt } from '../../src/audit/receipts.ts'
import { createVerifier } from '../../src/keys/document-signatures.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let services: Services

beforeAll(async () => {
  services = await (await usualServer()).services()
})

it('asks for a sign-in, returns, and shows the record masked', async () => {
  const person = await openPerson(services)
  const visitor = new Visitor(services.settings.issuer)
  const asked = await visitor.get('/account')
  expect(asked.html).toContain('name="password"')
  const page = await signIn(visitor, asked, person.username)
  expect(page.url.pathname).toBe('/account')
  expect(page.status).toBe(200)
  expect(page.html).toContain('大文，您好')
  const details = await visitor.get('/account/details')
  expect(details.html).toContain(person.username)
  for (const { html } of [page, details])
    for (const secret of [person.number, person.phone]) expect(html).not.toContain(secret)
})

it('notifies a person of a new browser, but not of their first', async () => {
  const person = await openPerson(services)
  const signInWith = async (visitor: Visitor) => {
    await signIn(visitor, await visitor.get('/account'), person.username)
    return services.inbox.unread(person.id)
  }
  expect(await signInWith(new Visitor(services.settings.issuer))).toBe(0)
  const second = new Visitor(services.settings.issuer)
  expect(await signInWith(second)).toBe(1)
  // the same browser after its session ended
  second.cookies = second.cookies.filter(({ name }) => name === 'yideng_device')
  expect(await signInWith(second)).toBe(1)
  const [notice] = await services.inbox.list(person.id, 10)
  expect(notice).toMatchObject({ kind: 'new-device', read: false, details: { method: 'password' } })
})

it('refuses a locked method like a wrong password', async () => {
  const person = await openPerson(services)
  expect(await services.methodLocks.lock(person.id, 'password', 'not-me', { actor: 'person' })).toBe(true)
  const visitor = new Visitor(services.settings.issuer)
  const refused = await signIn(visitor, await visitor.get('/account'), person.username)
  const wrong = await signIn(visitor, await visitor.get('/account'), person.username, 'not-the-password-1')
  expect(refused.status).toBe(400)
  const text = (html: string) => /<div class="summary"[\s\S]*?<\/div>/.exec(html)?.[0]
  expect(text(refused.html)).toBe(text(wrong.html))
  expect(await services.methodLocks.unlock(person.id, 'password', { actor: 'person' })).toBe(true)
})

it.each(['https://evil.example/', '//evil.example/', '/\\evil.example', '/language?to=en', 'javascript:alert(1)'])(
  'comes back to nothing but the account centre: %s',
  async (state) => {
    const answer = await fetch(`${services.settings.issuer}/account/return?state=${encodeURIComponent(state)}`, {
      redirect: 'manual',
      headers: { accept: 'text/html' },
    })
    expect([302, 400]).toContain(answer.status)
    if (answer.status === 302) expect(answer.headers.get('location')).toBe('/account')
  },
)

it('gives a person the receipt of their own sign-in, and of no other', async () => {
  const { settings } = services
  const { issuer, keysDir } = settings
  const enter = async () => {
    const person = await openPerson(services)
    const visitor = new Visitor(issuer)
    await signIn(visitor, await visitor.get('/account'), person.username)
    return { person, visitor }
  }
  const [one, other] = [await enter(), await enter()]
  const { sequence } = await services.database
    .selectFrom('audit_events')
    .select('sequence')
    .where('person_id', '=', one.person.id)
    .where('event', '=', 'login.succeeded')
    .executeTakeFirstOrThrow()
  const path = `/account/receipts/${sequence}`
  // nothing is signed yet: the history offers no link that leads nowhere
  const soon = await one.visitor.get('/account/history')
  expect(soon.html).toContain('凭据一分钟后可下载')
  expect(soon.html).not.toContain('/account/receipts/')
  const early = await one.visitor.get(path)
  expect([early.status, early.html]).toEqual([200, expect.stringContaining('还没有签名')])
  expect((await other.visitor.get(path)).status).toBe(404)
  const verify = createVerifier({ keysDir, svsFile: '' }, Date.now)
  await createCheckpoints({ database: services.database, settings, clock: Date.now }).make()

  expect((await one.visitor.get('/account/history')).html).toContain(`href="${path}" download`)
  const answer = await one.visitor.get(path)
  expect(answer.headers.get('content-disposition')).toContain('attachment')
  const check = await checkReceipt(verify, JSON.parse(answer.html))
  expect(check).toMatchObject({ holds: true, entry: { sequence, person_id: one.person.id } })

  expect((await other.visitor.get(path)).status).toBe(404)
  expect((await one.visitor.get('/account/receipts/1e3')).status).toBe(404)
  expect((await new Visitor(issuer).get(path)).html).toContain('name="password"')
})
