import { join } from 'node:path'
import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { csrfOf, eventsOf, listening, openRoom } from '../setup/room.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer, until, type RunningServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const at = (person: { username: string }, path?: string) => openRoom(server.issuer, person, path)
const events = (personId: string, event: string) => eventsOf(services, personId, event)

/** As after half an hour without a request: the sessions of the person idle out. */
async function letSessionEnd(personId: string) {
  const artifacts = openSqliteArtifacts(join(server.dataDir, 'artifacts.sqlite'), Date.now)
  const [session] = await artifacts.listGroup('Session', personId)
  await artifacts.remove('Session', session?.id ?? '')
  await artifacts.close()
}

describe('sessions and devices', () => {
  it('are listed by names that people know, and end by a click', async () => {
    const { told, more } = await listening()
    const { person, portal, visitor: elsewhere, tokens } = await signedIn(services, more)
    const { visitor } = await at(person)
    const page = await visitor.get('/account/sessions')
    for (const words of ['Windows，Chrome', '密码', '测试门户', '这一台']) expect(page.html).toContain(words)
    const after = await visitor.lose(page, '/end')
    expect(after.url.search).toBe('?done=ended')
    expect((await elsewhere.get('/account')).html).toContain('name="password"')
    await expect(oidc.fetchUserInfo(portal.configuration, tokens.access_token, oidc.skipSubjectCheck)).rejects.toThrow()
    expect(told).toEqual([tokens.claims()?.['sid']])
    expect((await events(person.id, 'session.ended')).map(({ details }) => details)).toEqual([
      '{"reason":"one","sessions":1}',
    ])
    expect((await visitor.get('/account')).url.pathname).toBe('/account')
  })

  it('all others end at once; the current one by its own number', async () => {
    const person = await openPerson(services)
    const [one, two, here] = [await at(person), await at(person), await at(person)]
    const page = await here.visitor.get('/account/sessions')
    await here.visitor.lose(page, '/end-others')
    for (const { visitor } of [one, two]) expect((await visitor.get('/account')).html).toContain('name="password"')
    const again = await at(person)
    const uid = /sessions\/([\w-]+)\/end"/.exec((await again.visitor.get('/account/sessions')).html)?.[1]
    const ended = await here.visitor.post(`/account/sessions/${uid}/end`, { csrf: here.csrf })
    expect(ended.url.pathname).toBe('/')
    expect((await here.visitor.get('/account')).html).toContain('name="password"')
  })

  it('no token of an ended session goes on after "not me" and after "all others"', async () => {
    const scope = 'openid offline_access'
    for (const act of ['not-me', 'end-others']) {
      const { person, portal, tokens } = await signedIn(services, { scope }, { prompt: 'consent' })
      await letSessionEnd(person.id)
      const { visitor, page, csrf } = await at(person, '/account/history')
      const entered = await portal.begin()
      const mine = await entered.finish(await visitor.get(entered.url))
      const [, stranger] = /\/account\/history\/([0-9a-f-]{36})"/.exec(page.html) ?? []
      await visitor.post(act === 'not-me' ? `/account/history/${stranger}/not-me` : `/account/sessions/${act}`, {
        csrf,
      })
      await expect(oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')).rejects.toThrow()
      // the tokens of this browser go on
      await oidc.fetchUserInfo(portal.configuration, mine.access_token, oidc.skipSubjectCheck)
    }
  })

  it('a forgotten browser is signed out and new the next time', async () => {
    const person = await openPerson(services)
    const [old, here] = [await at(person), await at(person)]
    const before = await services.inbox.unread(person.id)
    await here.visitor.lose(await here.visitor.get('/account/sessions'), '/forget')
    const page = await old.visitor.get('/account')
    expect(page.html).toContain('name="password"')
    await signIn(old.visitor, page, person.username)
    expect(await services.inbox.unread(person.id)).toBe(before + 1)
  })
})

describe('portals the person used', () => {
  const scope = 'openid profile phone offline_access'

  it('show what each received; a withdrawn consent ends its tokens, notifies it, and it must ask again', async () => {
    const { told, more } = await listening({ scope })
    const { person, portal, visitor, tokens } = await signedIn(services, more, { prompt: 'consent' })
    const page = await visitor.get('/account/portals')
    for (const words of ['测试门户', '深圳市', '手机号']) expect(page.html).toContain(words)
    await visitor.lose(page, '/withdraw')
    await expect(oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(oidc.fetchUserInfo(portal.configuration, tokens.access_token, oidc.skipSubjectCheck)).rejects.toThrow()
    await until(async () => told.length > 0)
    expect(told).toEqual([tokens.claims()?.['sid']])
    expect(await events(person.id, 'consent.withdrawn')).toHaveLength(1)
    const again = await portal.begin()
    const asked = await visitor.get(again.url)
    expect(asked.html).toContain('name="decision"')
    await again.finish(await allow(visitor, asked))
    // there is no consent to withdraw
    const csrf = csrfOf(await visitor.get('/account/organisations'))
    const silent = await registerPortal(services, { consent: 'implicit' })
    const begun = await silent.begin()
    await begun.finish(await visitor.get(begun.url))
    expect((await visitor.get('/account/portals')).html).toContain('不需要您同意')
    expect((await visitor.post(`/account/portals/${silent.clientId}/withdraw`, { csrf })).status).toBe(404)
  })

  it('a withdrawn consent ends tokens whose session is over, and wins over refreshes at the same moment', async () => {
    const { person, portal, tokens } = await signedIn(services, { scope }, { prompt: 'consent' })
    await letSessionEnd(person.id)
    const { visitor: other } = await at(person)
    const page = await other.get('/account/portals')
    const refresh = (token: string | undefined) =>
      oidc.refreshTokenGrant(portal.configuration, token ?? '').catch(() => undefined)
    const racing = Promise.all(Array.from({ length: 6 }, () => refresh(tokens.refresh_token)))
    await other.lose(page, '/withdraw')
    for (const won of await racing) {
      if (!won) continue
      expect(await refresh(won.refresh_token)).toBeUndefined()
      await expect(oidc.fetchUserInfo(portal.configuration, won.access_token, oidc.skipSubjectCheck)).rejects.toThrow()
    }
    expect(await refresh(tokens.refresh_token)).toBeUndefined()
    expect(await services.consents.find(person.id, portal.clientId)).toBeUndefined()
  })
})

describe('closing', () => {
  const close = async (visitor: Visitor, words = '注销我的账户') =>
    visitor.submit(await visitor.get('/account/closing'), '/account/closing', { confirm: words })

  it('needs a typed confirmation, signs out everywhere, and asks at the next sign-in whether to keep the account', async () => {
    const { told, more } = await listening()
    const { person, portal, visitor } = await signedIn(services, more)
    expect((await close(visitor, '好的')).status).toBe(400)
    expect((await services.persons.find(person.id))?.closesAt).toBeNull()
    const leaving = await close(visitor)
    expect(leaving.html).toContain('已经收到您的申请')
    expect(told).toHaveLength(1)
    expect((await services.persons.find(person.id))?.closesAt).toBeGreaterThan(Date.now() + 6.9 * 86_400_000)

    // the answer holds for the sign-in: the next portal does not ask
    const begun = await portal.begin()
    const asked = await signIn(visitor, await visitor.get(begun.url), person.username)
    expect(asked.html).toContain('要保留您的账户吗')
    expect((await visitor.submit(asked, '/closing', { decision: 'maybe' })).status).toBe(400)
    await begun.finish(await visitor.submit(asked, '/closing', { decision: 'close' }))
    const next = await registerPortal(services, { consent: 'implicit' })
    const silent = await next.begin({ prompt: 'none' })
    await silent.finish(await visitor.get(silent.url))
    const home = await visitor.get('/account')
    expect(home.html).toContain('/account/closing/keep')

    const again = new Visitor(server.issuer)
    const other = await portal.begin()
    const question = await signIn(again, await again.get(other.url), person.username)
    await other.finish(await again.submit(question, '/closing', { decision: 'keep' }))
    expect((await services.persons.find(person.id))?.closesAt).toBeNull()
    expect((await visitor.get('/account')).html).not.toContain('/account/closing/keep')
    const kinds = (await services.inbox.list(person.id, 20)).map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['account-closing', 'account-kept']))
  })
})
