import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { canHavePasskeys } from '../../../../src/login/methods/passkey/relying-party.ts'
import { addPasskey, askOptions, sendResponse, signInByPasskey, type RequestOptions } from '../../../setup/passkey.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { signedInPhone } from '../../../setup/qr.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator, type Deviation } from '../../../setup/software-authenticator.ts'
import { Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: Awaited<ReturnType<typeof registerPortal>>

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit' })
})

/** A person with a passkey, made after signing in by password. */
async function withPasskey(options: { synced?: boolean } = {}) {
  const person = await openPerson(services)
  const authenticator = new SoftwareAuthenticator(server.issuer, options)
  const added = await addPasskey(await signedInPhone(server.issuer, person), authenticator)
  expect(added.url.search).toBe('?done=added')
  return { person, authenticator }
}

async function signInPage(parameters: Record<string, string> = {}, visitor = new Visitor(server.issuer)) {
  const begun = await portal.begin(parameters)
  return { visitor, begun, page: await visitor.get(begun.url) }
}

/** A person's first passkey, as stored. */
async function kept(personId: string) {
  const [passkey] = await services.authenticators.list(personId, 'passkey')
  return { ...(JSON.parse(passkey?.data ?? '{}') as { counter: number }), lastUsedAt: passkey?.lastUsedAt }
}

async function audited(event: string, personId?: string) {
  const rows = await services.database.selectFrom('audit_events').selectAll().where('event', '=', event).execute()
  return rows
    .filter(({ person_id: id }) => personId === undefined || id === personId)
    .map(({ details }) => JSON.parse(details) as { fault?: string })
}

describe('sign-in by passkey', () => {
  it.each([
    ['a key that says it stays in its device', false, ['swk', 'user']],
    ['a key that is synchronised', true, ['swk', 'user']],
  ])('%s: the portal reads it in amr', async (_what, synced, amr) => {
    const { person, authenticator } = await withPasskey({ synced })
    const { visitor, begun, page } = await signInPage()
    const tokens = await begun.finish(await signInByPasskey(visitor, page, authenticator))
    expect(tokens.claims()).toMatchObject({ acr: 'urn:yideng:loa:3', amr })
    expect(await kept(person.id)).toMatchObject({ counter: synced ? 0 : 2, lastUsedAt: expect.any(Number) as number })
    const signIns = await audited('login.succeeded', person.id)
    expect(signIns).toContainEqual(expect.objectContaining({ method: 'passkey', level: 3 }))
  })

  it('gives one answer to every fault of a known passkey, changes nothing, and puts the reason into the audit log', async () => {
    const { person, authenticator } = await withPasskey()
    const stranger = new SoftwareAuthenticator(server.issuer)
    stranger.create({ challenge: 'x', rp: { id: 'localhost' }, user: { id: 'x' } })
    const before = await kept(person.id)
    const wrong: [string, string, Deviation, SoftwareAuthenticator?][] = [
      ['another origin', 'invalid', { origin: 'https://yideng.example' }],
      ['another relying party', 'invalid', { rpId: 'yideng.example' }],
      ['nobody verified', 'invalid', { userVerified: false }],
      ['nobody there', 'invalid', { userPresent: false }],
      ['another ceremony', 'invalid', { type: 'webauthn.create' }],
      ['in a frame of another page', 'invalid', { crossOrigin: true }],
      ['another challenge', 'invalid', { challenge: 'AAAA' }],
      ['another holder', 'wrong_holder', { userHandle: 'AAAA' }],
      ['no holder', 'wrong_holder', { userHandle: null }],
      ['a passkey nobody has', 'unknown_credential', {}, stranger],
    ]
    const said = new Set<string>()
    for (const [what, fault, deviation, by = authenticator] of wrong) {
      const { visitor, page } = await signInPage()
      const answer = await signInByPasskey(visitor, page, by, deviation)
      expect(answer.status, what).toBe(400)
      said.add(/<div class="summary"[\s\S]*?<\/div>/.exec(answer.html)?.[0] ?? what)
      const unknown = fault === 'unknown_credential'
      const code = unknown ? 'passkey_unknown' : 'passkey_refused'
      expect((await audited('login.refused')).at(-1), what).toMatchObject({ code, fault })
      expect(answer.html.includes('data-signal="signalUnknownCredential"'), what).toBe(unknown)
    }
    const { visitor, page } = await signInPage()
    for (const text of ['', 'null', '{}', '{"id":"x"}', '[', '{"id":7}']) {
      const answer = await visitor.submit(page, '/passkey', { response: text })
      said.add(/<div class="summary"[\s\S]*?<\/div>/.exec(answer.html)?.[0] ?? text)
    }
    // an unknown passkey has its own answer: to try it again does not help
    expect(said.size).toBe(2)
    expect(await kept(person.id)).toEqual(before)
    expect(await audited('authenticator.cloned', person.id)).toEqual([])
  })

  it('refuses a changed signature, and bytes that are none', async () => {
    const { authenticator } = await withPasskey()
    for (const spoil of [
      (signature: string) => signature.slice(0, -6) + (signature.endsWith('A') ? 'B' : 'A').repeat(6),
      () => 'AAAA',
    ]) {
      const { visitor, page } = await signInPage()
      const assertion = authenticator.get(await askOptions<RequestOptions>(visitor, page))
      assertion.response.signature = spoil(assertion.response.signature)
      expect((await sendResponse(visitor, page, '/passkey', assertion)).status).toBe(400)
    }
  })

  it('takes a challenge once, from the login it was made for, and for five minutes', async () => {
    const { person, authenticator } = await withPasskey()
    const one = await signInPage()
    const other = await signInPage()
    const options = await askOptions<RequestOptions>(one.visitor, one.page)
    await askOptions<RequestOptions>(other.visitor, other.page)
    const captured = authenticator.get(options)
    const stolen = await sendResponse(other.visitor, other.page, '/passkey', captured)
    expect(stolen.status).toBe(400)
    expect((await audited('login.refused', person.id)).at(-1)).toMatchObject({ fault: 'invalid' })
    // the same browser goes on, and a copy of what it sent is worth nothing
    expect((await sendResponse(one.visitor, one.page, '/passkey', captured)).leads).toBeDefined()
    const again = await signInPage()
    expect((await sendResponse(again.visitor, again.page, '/passkey', captured)).status).toBe(400)
    expect((await audited('login.refused', person.id)).at(-1)).toMatchObject({ fault: 'challenge_gone' })
    const used = await signInPage()
    const refused = authenticator.get(await askOptions<RequestOptions>(used.visitor, used.page), {
      userVerified: false,
    })
    await sendResponse(used.visitor, used.page, '/passkey', refused)
    expect((await sendResponse(used.visitor, used.page, '/passkey', refused)).status).toBe(400)
    expect((await audited('login.refused', person.id)).at(-1)).toMatchObject({ fault: 'challenge_gone' })
  })

  it('takes no challenge that is older than five minutes', async () => {
    const { person, authenticator } = await withPasskey()
    const before = await kept(person.id)
    const { visitor, page } = await signInPage()
    const late = authenticator.get(await askOptions<RequestOptions>(visitor, page))
    const artifacts = new DatabaseSync(join(server.dataDir, 'artifacts.sqlite'))
    artifacts.exec("UPDATE artifacts SET expires_at = expires_at - 300000 WHERE kind = 'passkey-login'")
    artifacts.close()
    expect((await sendResponse(visitor, page, '/passkey', late)).status).toBe(400)
    expect((await audited('login.refused', person.id)).at(-1)).toMatchObject({ fault: 'challenge_gone' })
    expect(await kept(person.id)).toEqual(before)
  })

  it('refuses a copy of a key by its counter, notifies the person, and accepts the first of two parallel uses', async () => {
    const { person, authenticator } = await withPasskey()
    const copied = await signInPage()
    const behind = await signInByPasskey(copied.visitor, copied.page, authenticator, { counter: 1 })
    expect(behind.status).toBe(400)
    expect(await audited('authenticator.cloned', person.id)).toHaveLength(1)
    expect((await services.inbox.list(person.id, 5)).map(({ kind }) => kind)).toContain('authenticator-cloned')

    const pages = await Promise.all([signInPage(), signInPage(), signInPage()])
    const answers = await Promise.all(
      pages.map(({ visitor, page }) => signInByPasskey(visitor, page, authenticator, { counter: 40 })),
    )
    expect(answers.filter(({ leads }) => leads)).toHaveLength(1)
    expect(await kept(person.id)).toMatchObject({ counter: 40 })
  })

  it('refuses a way in that was switched off, and says that an account is locked', async () => {
    const { person, authenticator } = await withPasskey()
    const by = { actor: 'person' }
    await services.methodLocks.lock(person.id, 'passkey', 'switched-off', by)
    const off = await signInPage()
    expect((await signInByPasskey(off.visitor, off.page, authenticator)).status).toBe(400)
    await services.methodLocks.unlock(person.id, 'passkey', by)
    await services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    const locked = await signInPage()
    const refused = await signInByPasskey(locked.visitor, locked.page, authenticator)
    expect([refused.status, refused.html]).toEqual([400, expect.stringContaining('这个账户已经锁定')])
    // one entry an hour for each reason
    expect(await audited('login.refused', person.id)).toHaveLength(2)
  })

  it('signing in once more is for the person who is signed in', async () => {
    const { person, authenticator } = await withPasskey()
    const other = await withPasskey()
    const first = await signInPage()
    expect((await signInByPasskey(first.visitor, first.page, authenticator)).leads).toBeDefined()
    const again = await signInPage({ prompt: 'login' }, first.visitor)
    const before = await kept(other.person.id)
    const refused = await signInByPasskey(first.visitor, again.page, other.authenticator)
    expect(refused.status).toBe(400)
    expect(await kept(other.person.id)).toEqual(before)
    expect((await audited('login.refused', other.person.id)).at(-1)).toMatchObject({ code: 'passkey_other_person' })
    const tokens = await again.begun.finish(await signInByPasskey(first.visitor, again.page, authenticator))
    expect(await audited('login.succeeded', person.id)).toHaveLength(3)
    const silent = await signInPage({ prompt: 'none' }, first.visitor)
    expect((await silent.begun.finish(silent.page)).claims()?.sub).toBe(tokens.claims()?.sub)
  })

  it('limits the tries of one network, and never holds a right one for what neighbours tried', async () => {
    const strict = await startServer({ YIDENG_ADDRESS_TRIES: '2' })
    const strictServices = await strict.services()
    const there = await registerPortal(strictServices, { consent: 'implicit' })
    const person = await openPerson(strictServices)
    const authenticator = new SoftwareAuthenticator(strict.issuer)
    await addPasskey(await signedInPhone(strict.issuer, person), authenticator)
    const visitor = new Visitor(strict.issuer)
    const page = await visitor.get((await there.begin()).url)
    for (let tries = 0; tries < 2; tries += 1) await visitor.submit(page, '/passkey', { response: 'x' })
    expect((await visitor.submit(page, '/passkey', { response: 'x' })).status).toBe(429)
    expect((await signInByPasskey(visitor, page, authenticator, { challenge: 'AAAA' })).status).toBe(429)
    expect((await signInByPasskey(visitor, page, authenticator)).leads).toBeDefined()
  })

  it.each([
    ['https://login.example.gov.cn', true],
    ['http://localhost:3000', true],
    ['http://login.example.gov.cn', false],
    ['http://127.0.0.1:3000', false],
    ['https://[2001:db8::1]', false],
  ])('is a way in at %s: %s', (issuer, possible) => {
    expect(canHavePasskeys(issuer)).toBe(possible)
  })
})

it('a password sign-in is as it was', async () => {
  const person = await openPerson(services)
  const { visitor, begun, page } = await signInPage()
  expect((await begun.finish(await signIn(visitor, page, person.username))).claims()).toMatchObject({ amr: ['pwd'] })
})
