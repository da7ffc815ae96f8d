import { refreshTokenGrant } from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { eventsOf, newPassword, personWithCodes, recoverBy, rewriteSessions } from '../setup/recovery.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

async function signedInAt(path: string, person: { username: string }, password?: string) {
  const visitor = new Visitor(server.issuer)
  const page = await signIn(visitor, await visitor.get(path), person.username, password)
  expect(page.url.pathname).toBe(path)
  return { visitor, page }
}

const codesOn = (html: string) => [...html.matchAll(/<code>([^<]+)<\/code>/g)].map(([, code = '']) => code)
const kindsOf = async (person: { id: string }) => (await services.inbox.list(person.id, 20)).map(({ kind }) => kind)

/** The server sees a direct change of the store within a second. */
const seen = () => server.forward(1050)

async function held() {
  const person = await personWithCodes(services)
  await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
  const ends = async (at: number) => {
    await services.database.updateTable('natural_persons').set({ held_until: at }).where('id', '=', person.id).execute()
  }
  return { ...person, ends }
}

describe('recovery codes', () => {
  it('are shown once, with a notice, and replace the ones before', async () => {
    const person = await openPerson(services)
    const { visitor, page } = await signedInAt('/account/recovery', person)
    expect(page.html).toContain('没有可用的恢复码')
    const made = await visitor.submit(page, '/account/recovery', {})
    const first = codesOn(made.html)
    expect(first).toHaveLength(10)
    expect(made.headers.get('cache-control')).toBe('no-store')
    const again = await visitor.get('/account/recovery')
    expect(again.html).toContain('还剩 10 个')
    expect(codesOn(again.html)).toEqual([])
    const second = codesOn((await visitor.lose(again, '/account/recovery/renew')).html)
    expect(second.filter((code) => first.includes(code))).toEqual([])
    expect(await services.recovery.checkCode(person.id, first[0] ?? '')).toBeUndefined()
    expect(await services.recovery.checkCode(person.id, second[0] ?? '')).toBeDefined()
    expect(await kindsOf(person)).toEqual(['recovery-codes-made', 'recovery-codes-made'])
    const events = (await eventsOf(services, person.id)).filter(({ event }) => event === 'recovery.codes-made')
    expect(events).toHaveLength(2)
  })

  it('are not made by a session that a QR code began, nor by one that is not fresh', async () => {
    const person = await openPerson(services)
    const { visitor, page } = await signedInAt('/account/recovery', person)
    rewriteSessions(server.dataDir, person.id, { amr: ['qr'] })
    expect((await visitor.submit(page, '/account/recovery', {})).status).toBe(403)
    rewriteSessions(server.dataDir, person.id, { amr: ['pwd'], loginTs: Math.floor(Date.now() / 1000) - 301 })
    expect((await visitor.submit(page, '/account/recovery', {})).html).toContain('name="identifier"')
    expect(await services.recovery.codesLeft(person.id)).toBe(0)
  })
})

describe('the page of the password', () => {
  it('sets a new password by the rules of registration, notifies, and ends every other sign-in', async () => {
    const {
      person,
      portal,
      visitor: other,
      tokens,
    } = await signedIn(services, { scope: 'openid offline_access' }, { prompt: 'consent' })
    const { visitor, page } = await signedInAt('/account/password', person)
    for (const [password, again, problem] of [
      ['short', 'short', '密码太短'],
      [`x${person.phone}`, `x${person.phone}`, '密码里有您的'],
      [newPassword, 'another', '两次输的密码不一样'],
    ] as const) {
      const answer = await visitor.submit(page, '/account/password', { password, password_again: again })
      expect(answer.status).toBe(400)
      expect(answer.html).toContain(problem)
    }
    const fields = { password: newPassword, password_again: newPassword }
    const done = await visitor.submit(page, '/account/password', fields)
    expect(done.url.search).toBe('?done=changed')
    expect(done.html).toContain('新密码已经生效')
    expect((await visitor.get('/account')).url.pathname, 'this one stays').toBe('/account')
    expect((await other.get('/account')).html).toContain('name="password"')
    await expect(refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    const stranger = new Visitor(server.issuer)
    expect((await signIn(stranger, await stranger.get('/account'), person.username)).status).toBe(400)
    await signedInAt('/account', person, newPassword)
    expect(await kindsOf(person)).toContain('password-changed')
    expect((await eventsOf(services, person.id)).map(({ event }) => event)).toContain('password.changed')
  })

  it('keeps one of two passwords set at once, and none that a recovery overtook', async () => {
    const person = await personWithCodes(services)
    const { visitor, page } = await signedInAt('/account/password', person)
    const passwords = ['Dongjiang-River-1', 'Dongjiang-River-2']
    const ends = await Promise.all(
      passwords.map((one) => visitor.submit(page, '/account/password', { password: one, password_again: one })),
    )
    expect(ends.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 503])

    // the recovery ended between the check of the session and the end of the hashing
    const found = (await services.persons.find(person.id)) ?? expect.fail()
    const known = await services.authenticators.find(person.id, 'password')
    await recoverBy(services, { identifier: person.username, knowledge: person.phone, code: person.code(0) })
    const { createChangePassword } = await import('../../src/login/methods/password/change-password.ts')
    const { authenticators } = services
    const change = createChangePassword(services)
    const session = { uid: 'own', signedInAt: Math.floor(Date.now() / 1000) }
    const late = { person: found, known, passwordHash: 'late', session }
    expect(await change(late, { actor: 'person' })).toBe(false)
    const kept = await authenticators.find(person.id, 'password')
    expect(await change({ ...late, known: kept }, { actor: 'person' })).toBe(false)
    expect(kept?.data).toContain('argon2id')
    await signedInAt('/account', person, newPassword)
  })

  it('counts as a way in where there is a password, and refuses a session by QR code', async () => {
    const person = await openPerson(services)
    const { visitor, page } = await signedInAt('/account/password', person)
    rewriteSessions(server.dataDir, person.id, { amr: ['qr'] })
    const fields = { password: newPassword, password_again: newPassword }
    expect((await visitor.submit(page, '/account/password', fields)).status).toBe(403)
    await signedInAt('/account', person)
  })
})

describe('a held account', () => {
  it('changes no way to sign in, reaches no real-name portal by password, and shows the end of the hold', async () => {
    const person = await held()
    const { visitor } = await signedInAt('/account', person, newPassword)
    const csrf = /name="csrf" value="([^"]+)"/.exec((await visitor.get('/account/password')).html)?.[1] ?? ''
    const fields = { csrf, password: 'Dongjiang-River-1', password_again: 'Dongjiang-River-1' }
    for (const path of ['/account/password', '/account/recovery', '/account/organisations']) {
      const answer = await visitor.post(path, fields)
      expect(answer.status, path).toBe(403)
      expect(answer.html).toMatch(/<time datetime="20\d\d-/)
      expect(codesOn(answer.html)).toEqual([])
    }
    const portal = await registerPortal(services, { consent: 'implicit', min_level: 3 })
    const begun = await portal.begin()
    const asked = await visitor.get(begun.url)
    expect(asked.html).toContain('暂时还不能进入')
    expect(asked.html).toMatch(/<time datetime="20\d\d-/)
    const pushed = await visitor.post(`${asked.url.pathname}/level`, { csrf })
    expect(pushed.html).toContain('暂时还不能进入')
    const silent = await visitor.get((await portal.begin({ prompt: 'none' })).url)
    expect(silent.leads?.searchParams.get('error')).toBe('unmet_authentication_requirements')
    // after the hold the same sign-in goes on
    await person.ends(Date.now() - 1)
    await seen()
    const raised = await visitor.post(`${asked.url.pathname}/level`, { csrf })
    expect((await begun.finish(raised)).claims()?.acr).toBe('urn:yideng:loa:3')
    expect((await visitor.get('/account/password')).status).toBe(200)
  })

  it('does not hold a sign-in by passkey, but every other sign-in that claims the same level', async () => {
    const person = await held()
    const portal = await registerPortal(services, { consent: 'implicit', min_level: 3 })
    const { visitor, page } = await signedInAt('/account/recovery', person, newPassword)
    const real = 'urn:yideng:loa:3'
    rewriteSessions(server.dataDir, person.id, { amr: ['hwk', 'user'], acr: real })
    expect(codesOn((await visitor.lose(page, '/account/recovery/renew')).html)).toHaveLength(10)
    const begun = await portal.begin()
    expect((await begun.finish(await visitor.get(begun.url))).claims()).toMatchObject({ acr: real })

    rewriteSessions(server.dataDir, person.id, { amr: ['pwd'], acr: real })
    const refused = await visitor.get((await portal.begin()).url)
    expect(refused.html).toContain('name="password"')
    expect((await visitor.get('/account')).html).toContain('name="password"')
  })

  it('gives no tokens of the level it had', async () => {
    const person = await held()
    await person.ends(Date.now() - 1)
    const portal = await registerPortal(services, { scope: 'openid offline_access', min_level: 3 })
    const visitor = new Visitor(server.issuer)
    const begun = await portal.begin({ prompt: 'consent' })
    const asked = await signIn(visitor, await visitor.get(begun.url), person.username, newPassword)
    const tokens = await begun.finish(await visitor.submit(asked, '/consent', { decision: 'allow' }))
    expect(tokens.claims()?.acr).toBe('urn:yideng:loa:3')
    await person.ends(Date.now() + 60_000)
    await seen()
    await expect(refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })
})
