import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { end, mandate, openOrganisation, register } from '../setup/organisation.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { startServer, type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor, type Page } from '../setup/visitor.ts'
import { hostile } from '../hostile/values.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

async function signedIn(person: { username: string }, path = '/account/organisations') {
  const visitor = new Visitor(services.settings.issuer)
  const page = await signIn(visitor, await visitor.get(path), person.username)
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
  return { visitor, page, csrf }
}

/** The text of a refusal page, without the values of this request. */
const said = ({ status, html }: Page) => [
  status,
  /<main[\s\S]*<\/main>/.exec(html)?.[0].replaceAll(/[A-Z0-9]{4}-[A-Z0-9]{4,}|<dd>[\w-]+<\/dd>/g, ''),
]

describe('my organisations', () => {
  it('shows each person only the mandates they may see', async () => {
    const { id, name, representative } = await openOrganisation(services, { name: '看得见有限公司' })
    const [manager, handler] = [
      await openPerson(services, { name: '黄经理' }),
      await openPerson(services, { name: '周小桐' }),
    ]
    await mandate(services, id, representative, manager, { role: 'manager', matters: ['*'], days: 300 })
    await mandate(services, id, representative, handler)
    const owner = await signedIn(representative)
    expect(owner.page.html).toContain(name)
    const whole = await owner.visitor.get(`/account/organisations/${id}`)
    for (const person of ['黄经理', '周小桐']) expect(whole.html).toContain(person)
    expect((await owner.visitor.get(`/account/organisations/${id}/history`)).status).toBe(200)

    const theirs = await signedIn(handler)
    const part = await theirs.visitor.get(`/account/organisations/${id}`)
    expect(part.html).toContain('周小桐')
    expect(part.html).not.toContain('黄经理')
    for (const path of ['/invite', '/history']) {
      expect((await theirs.visitor.get(`/account/organisations/${id}${path}`)).status).toBe(404)
    }
    const managing = await signedIn(manager)
    expect((await managing.visitor.get(`/account/organisations/${id}/invite`)).html).not.toContain('value="manager"')
  })

  it('gives one answer for missing and for foreign identifiers, in every path and field, and changes nothing', async () => {
    const [here, there] = [await openOrganisation(services), await openOrganisation(services)]
    const handler = await openPerson(services, { name: '周小桐' })
    const held = await mandate(services, there.id, there.representative, handler)
    const { visitor, csrf } = await signedIn(here.representative)
    const own = await mandate(services, here.id, here.representative, handler)
    await end(services, own.id, here.representative)
    const missing = '00000000-0000-4000-8000-000000000000'
    const before = await services.database.selectFrom('mandates').selectAll().orderBy('id').execute()
    const addresses = ['', '/invite', '/history'].map(
      (path) => (id: string) => visitor.get(`/account/organisations/${id}${path}`),
    )
    const posts = [
      (id: string) =>
        visitor.post(`/account/organisations/${id}/invite`, {
          csrf,
          name: '周小桐',
          contact: handler.number,
          'matter-tax.filing': 'yes',
          from: '2099-01-01',
          days: '30',
          role: 'handler',
        }),
      (id: string) => visitor.post(`/account/mandates/${id}/end`, { csrf }),
      (id: string) => visitor.post(`/account/mandates/${id}/confirm`, { csrf }),
      (id: string) => visitor.post(`/account/invitations/${id}/accept`, { csrf, code: '123456' }),
      (id: string) => visitor.post(`/account/invitations/${id}/decline`, { csrf }),
    ]
    for (const send of [...addresses, ...posts]) {
      const absent = said(await send(missing))
      expect(absent[0]).toBe(404)
      for (const id of [there.id, held.id, own.id, handler.id, there.uscc]) expect(said(await send(id))).toEqual(absent)
      for (const [kind, value] of hostile.filter(([name]) => !['a path', 'an encoded path', 'empty'].includes(name))) {
        let encoded: string
        try {
          encoded = encodeURIComponent(value)
        } catch {
          continue // a lone surrogate has no address
        }
        const page = await send(encoded)
        expect(page.status, kind).toBeGreaterThanOrEqual(400)
        expect(page.status, kind).toBeLessThan(500)
      }
    }
    expect(await services.database.selectFrom('mandates').selectAll().orderBy('id').execute()).toEqual(before)
    const noted = await services.database
      .selectFrom('audit_events')
      .select('sequence')
      .where('event', '=', 'mandate.refused')
      .where('person_id', '=', here.representative.id)
      .execute()
    expect(noted.length).toBeGreaterThan(20)
    const looks = await services.database
      .selectFrom('audit_events')
      .select('sequence')
      .where('event', '=', 'organisation.refused')
      .where('person_id', '=', here.representative.id)
      .execute()
    expect(looks.length).toBeGreaterThan(20)
    expect(server.output()).not.toContain('"level":50')
  })

  it('explains a malformed code, and refuses a code of another representative like an unknown one', async () => {
    const { uscc } = await openOrganisation(services)
    const { visitor, csrf } = await signedIn(await openPerson(services))
    const send = (code: string) => visitor.post('/account/organisations', { csrf, uscc: code })
    const mend = (page: Page) => [
      page.status,
      page.html
        .replaceAll(uscc, 'CODE')
        .replaceAll('914403001922038216', 'CODE')
        .replaceAll(/nonce="[^"]*"|name="csrf" value="[^"]*"/g, ''),
    ]
    expect(mend(await send(uscc))).toEqual(mend(await send('914403001922038216')))
    expect((await send(uscc)).status).toBe(400)
    expect((await send('914403001922038217')).html).toContain('可能输错了一位')
    for (const [, value] of hostile) {
      const page = await send(value)
      expect([400, 200]).toContain(page.status)
      expect(page.html).not.toContain('<script>alert')
    }
  })

  it('opens an organisation by a code that the register has with another check character', async () => {
    const representative = await openPerson(services, { name: '林知行' })
    const uscc = '91350203M0001QKT19'
    const { visitor, csrf } = await signedIn(representative)
    const send = () => visitor.post('/account/organisations', { csrf, uscc })
    expect((await send()).html).toContain('可能输错了一位')
    await register(services, { uscc, representative })
    expect((await send()).html).not.toContain('可能输错了一位')
    const person = await services.persons.find(representative.id)
    if (!person) throw new Error('no such person')
    expect(await services.legalPersons.open({ uscc, person }, { actor: 'person' })).toMatchObject({ ok: true })
  })

  it('gives a mandate from a future day, and none from a past day', async () => {
    const { id, representative } = await openOrganisation(services)
    const handler = await openPerson(services, { name: '周小桐' })
    const { visitor } = await signedIn(representative)
    const send = async (from: string) =>
      visitor.submit(await visitor.get(`/account/organisations/${id}/invite`), '/invite', {
        name: '周小桐',
        contact: handler.number,
        role: 'handler',
        'matter-tax.filing': 'yes',
        from,
        days: '30',
      })
    for (const wrong of ['2020-01-01', '2026-13-40', 'soon', '']) expect((await send(wrong)).status, wrong).toBe(400)
    const later = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10)
    expect((await send(later)).status).toBe(200)
    const row = await services.database
      .selectFrom('mandates')
      .select(['not_before', 'expires_at'])
      .where('principal_id', '=', id)
      .executeTakeFirstOrThrow()
    expect(new Date(row.not_before).toISOString()).toBe(new Date(`${later}T00:00:00+08:00`).toISOString())
    expect(row.expires_at - row.not_before).toBe(30 * 86_400_000)
  })

  it('asks for level 4 to open an organisation, by the proof that is missing', async () => {
    const other = await (await startServer()).services()
    const { uscc, representative } = await openOrganisation(other)
    const visitor = new Visitor(other.settings.issuer)
    const page = await signIn(visitor, await visitor.get('/account/organisations'), representative.username)
    const answer = await visitor.submit(page, '/account/organisations', { uscc })
    expect(answer.status).toBe(400)
    expect(answer.html).toContain('要先确认是您本人')
    const step = await visitor.submit(answer, '/account/organisations/level', {})
    expect(step.url.pathname).toMatch(/^\/login\//)
    expect(step.html).toContain('实人')
  })

  it('refuses every form without its CSRF token', async () => {
    const { visitor } = await signedIn(await openPerson(services))
    for (const path of [
      'organisations',
      'organisations/level',
      'organisations/x/invite',
      'mandates/x/end',
      'mandates/x/confirm',
      'invitations/open',
      'invitations/x/accept',
      'invitations/x/decline',
      'helpers',
    ]) {
      expect((await visitor.post(`/account/${path}`, { csrf: 'wrong' })).status, path).toBe(403)
    }
  })

  it('asks for a fresh sign-in before a mandate is given or accepted, but not before one is ended', async () => {
    const strict = await startServer({ YIDENG_FRESH_SIGN_IN_SECONDS: '30' })
    const other = await strict.services()
    const { id, representative } = await openOrganisation(other)
    const handler = await openPerson(other, { name: '周小桐' })
    const held = await mandate(other, id, representative, handler)
    const visitor = new Visitor(other.settings.issuer)
    const page = await signIn(visitor, await visitor.get('/account/organisations'), representative.username)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    expect((await visitor.get(`/account/organisations/${id}/invite`)).status).toBe(200)
    const { DatabaseSync } = await import('node:sqlite')
    const { join } = await import('node:path')
    // the session was begun a minute ago
    const artifacts = new DatabaseSync(join(strict.dataDir, 'artifacts.sqlite'))
    const row = artifacts.prepare("SELECT id, value FROM artifacts WHERE kind = 'Session'").get() as {
      id: string
      value: string
    }
    const session = JSON.parse(row.value) as { loginTs: number; amr: string[] }
    const write = (changed: object) =>
      artifacts
        .prepare("UPDATE artifacts SET value = ? WHERE kind = 'Session' AND id = ?")
        .run(JSON.stringify({ ...session, ...changed }), row.id)
    write({ loginTs: session.loginTs - 60 })
    expect((await visitor.get(`/account/organisations/${id}/invite`)).html).toContain('name="password"')
    expect((await visitor.post(`/account/organisations/${id}/invite`, { csrf })).html).toContain('name="password"')
    // a session by QR code gives no mandates, even a fresh one
    write({ amr: ['qr', 'pwd'] })
    for (const path of [
      `organisations/${id}/invite`,
      'helpers',
      `mandates/${held.id}/confirm`,
      `invitations/${held.id}/accept`,
      'organisations',
    ]) {
      const answer = await visitor.post(`/account/${path}`, { csrf })
      expect(answer.status, path).toBe(403)
      expect(answer.html).toContain('扫码登录')
    }
    expect((await visitor.post(`/account/mandates/${held.id}/end`, { csrf })).url.pathname).toBe(
      `/account/organisations/${id}`,
    )
    expect((await other.representations.find(handler.id, id))?.granted).toBeUndefined()
    artifacts.close()
  })
})
