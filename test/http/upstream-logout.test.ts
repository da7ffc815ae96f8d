import { readdirSync, readFileSync } from 'node:fs'
import * as openid from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { startByFakeProvider, type ByFakeProvider } from '../setup/upstreams/by-fake-provider.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { Visitor } from '../setup/visitor.ts'

let all: ByFakeProvider
beforeAll(async () => {
  all = await startByFakeProvider()
})

let people = 0
const newSub = () => `sub ${(people += 1)}`

describe('a logout token of the upstream ends', () => {
  it('the session that began with its session, with the tokens of portals, and no other', async () => {
    const sub = newSub()
    const [first, second] = [await all.enter(sub, 'sid a'), await all.enter(sub, 'sid b')]
    const other = await all.enter(newSub(), 'sid c')
    const answer = await all.logOut(await all.provider.logoutToken({ sid: 'sid a' }))
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect([await all.isIn(first), await all.isIn(second), await all.isIn(other)]).toEqual([false, true, true])
    const userinfo = (one: typeof first) =>
      openid.fetchUserInfo(all.portal.configuration, one.tokens.access_token, openid.skipSubjectCheck)
    await expect(userinfo(first)).rejects.toThrow()
    await expect(userinfo(second)).resolves.toHaveProperty('sub')
  })

  it('every session of the person, where it names no session', async () => {
    const sub = newSub()
    const [first, second] = [await all.enter(sub, 'sid d'), await all.enter(sub)]
    const other = await all.enter(newSub())
    expect((await all.logOut(await all.provider.logoutToken({ sub }))).status).toBe(200)
    expect([await all.isIn(first), await all.isIn(second), await all.isIn(other)]).toEqual([false, false, true])
  })

  it('sessions of the person whose session the upstream never named', async () => {
    const sub = newSub()
    const [unnamed, named] = [await all.enter(sub), await all.enter(sub, 'sid e')]
    await all.logOut(await all.provider.logoutToken({ sub, sid: 'sid f' }))
    expect([await all.isIn(unnamed), await all.isIn(named)]).toEqual([false, true])
  })

  it('a session that begins only after it', async () => {
    const sub = newSub()
    await all.enter(sub, 'sid g')
    await all.logOut(await all.provider.logoutToken({ sid: 'sid h' }))
    // its code is no code any more
    await expect(all.enter(sub, 'sid h')).rejects.toMatchObject({ error: 'invalid_grant' })
    expect(await all.isIn(await all.enter(sub, 'sid i'))).toBe(true)
  })

  it('nothing of a person who signs in again after it', async () => {
    const sub = newSub()
    await all.enter(sub)
    await all.logOut(await all.provider.logoutToken({ sub }))
    // sign-ins are stored to the second
    expect(await all.isIn(await all.enter(sub))).toBe(true)
  })

  it('a session once: the same token again is refused', async () => {
    const sub = newSub()
    await all.enter(sub)
    const token = await all.provider.logoutToken({ sub })
    expect((await all.logOut(token)).status).toBe(200)
    const again = await all.enter(sub)
    const answers = await Promise.all([all.logOut(token), all.logOut(token)])
    expect(answers.map(({ status }) => status)).toEqual([400, 400])
    expect(await all.isIn(again)).toBe(true)
  })
})

describe('nothing ends by', () => {
  it.each(['unknown key', 'none', 'shared secret'] as const)('a token signed by: %s', async (signature) => {
    const mine = await all.enter(newSub(), `sid ${signature}`)
    all.provider.behave({ signature })
    const answer = await all.logOut(await all.provider.logoutToken({ sid: `sid ${signature}` }))
    expect([answer.status, await answer.json()]).toEqual([400, { error: 'invalid_request' }])
    all.provider.behave()
    expect(await all.isIn(mine)).toBe(true)
  })

  it('a body of another kind, two tokens, an unknown upstream, or a page of a browser', async () => {
    const token = await all.provider.logoutToken({ sid: 'sid x' })
    expect((await all.logOut(token, 'application/json')).status).toBe(415)
    const post = (path: string, body: string) =>
      fetch(`${all.server.issuer}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      })
    expect(
      (await post('/upstream/city/backchannel-logout', `logout_token=${token}&logout_token=${token}`)).status,
    ).toBe(400)
    expect((await post('/upstream/city/backchannel-logout', '')).status).toBe(400)
    expect((await post('/upstream/none/backchannel-logout', `logout_token=${token}`)).status).toBe(404)
  })
})

describe('our sign-out', () => {
  const signOut = async ({ visitor, tokens }: Awaited<ReturnType<ByFakeProvider['enter']>>) =>
    visitor.get(
      openid.buildEndSessionUrl(all.portal.configuration, {
        id_token_hint: tokens.id_token ?? '',
        post_logout_redirect_uri: all.home,
        state: 'bye',
      }),
    )

  it('offers the upstream, signs out there with its own ID token, and comes back to the portal', async () => {
    const mine = await all.enter(newSub(), 'sid s')
    const page = await signOut(mine)
    expect(page.html).toContain('全部退出时，佛山市统一身份认证的账号也退出')
    expect(page.html).toContain('name="upstream"')
    const { leads } = await mine.visitor.submit(page, '/logout/confirm', { logout: 'yes', upstream: 'yes' })
    expect(leads?.href.startsWith(`${all.provider.issuer}/logout?`)).toBe(true)
    const asked = Object.fromEntries(leads?.searchParams ?? [])
    expect(asked).toMatchObject({ post_logout_redirect_uri: `${all.server.issuer}/upstream/city/signed-out` })
    expect(JSON.parse(Buffer.from(asked['id_token_hint']?.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      iss: all.provider.issuer,
      aud: 'yideng',
    })
    expect(await all.isIn(mine)).toBe(false)
    const back = `${asked['post_logout_redirect_uri']}?state=${asked['state']}`
    expect((await mine.visitor.get(back)).leads?.href).toBe(`${all.home}?state=bye`)
    // once: the second time is a sign-out without a goal
    expect((await mine.visitor.get(back)).url.pathname).toBe('/logout/success')
  })

  it('leaves the upstream alone where the person wants so', async () => {
    const mine = await all.enter(newSub())
    const everywhere = await mine.visitor.submit(await signOut(mine), '/logout/confirm', { logout: 'yes' })
    expect(everywhere.leads?.href).toBe(`${all.home}?state=bye`)
    const other = await all.enter(newSub())
    const onlyHere = await other.visitor.submit(await signOut(other), '/logout/confirm', { upstream: 'yes' })
    expect(onlyHere.leads?.href).toBe(`${all.home}?state=bye`)
  })

  it('has no such box in a session that began without an upstream', async () => {
    const { username } = await openPerson(all.services)
    const visitor = new Visitor(all.server.issuer)
    const begun = await all.portal.begin()
    const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), username))
    expect((await signOut({ visitor, tokens })).html).not.toContain('name="upstream"')
  })

  it.each(['?state=made-up', '', '?state=a&state=b', '?state=https://evil.example/'])(
    'ends at our own page for a return that we know nothing of: %s',
    async (query) => {
      const page = await new Visitor(all.server.issuer).get(`/upstream/city/signed-out${query}`)
      expect([page.url.pathname, page.leads]).toEqual(['/logout/success', undefined])
    },
  )
})

describe('the store', () => {
  it('has neither subject, session nor ID token of the upstream in clear text', async () => {
    await all.enter('a very special subject', 'a very special session')
    const files = readdirSync(all.server.dataDir).filter((name) => name.includes('sqlite'))
    const bytes = files.map((name) => readFileSync(`${all.server.dataDir}/${name}`).toString('latin1')).join('')
    expect(bytes.length).toBeGreaterThan(10_000)
    expect(bytes).not.toContain('a very special')
  })
})
