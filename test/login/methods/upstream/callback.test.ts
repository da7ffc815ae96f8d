import { beforeAll, describe, expect, it } from 'vitest'
import { startUpstreamLogin, type UpstreamSetting } from '../../../setup/upstream-login.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let all: UpstreamSetting
beforeAll(async () => {
  all = await startUpstreamLogin()
})

const isExpired = (page: Page) => page.status === 400 && !page.leads
const isAtNewcomer = ({ url }: Page) => url.pathname.endsWith('/upstream/new')

describe('the callback refuses', () => {
  it('another browser, which uses nothing up', async () => {
    const [who, mine, others] = [await all.citizen(), await all.begin(), await all.begin()]
    const back = all.fs.agree(await all.start(mine), who)
    const before = all.fs.exchanges()
    expect(await new Visitor(all.server.issuer).get(back)).toSatisfy(isExpired)
    expect(await others.visitor.get(back)).toSatisfy(isExpired)
    expect(all.fs.exchanges()).toBe(before)
    expect(await mine.visitor.get(back)).toSatisfy(isAtNewcomer)
  })

  it('a walk that came back before, also where it comes twice at once', async () => {
    const mine = await all.begin()
    const back = all.fs.agree(await all.start(mine), await all.citizen())
    const pages = await Promise.all([mine.visitor.get(back), mine.visitor.get(back), mine.visitor.get(back)])
    expect(pages.filter(isAtNewcomer).length).toBe(1)
    expect(pages.filter(isExpired).length).toBe(2)
    expect(await mine.visitor.get(back)).toSatisfy(isExpired)
  })

  it.each([
    ['the state of another upstream', (url: URL) => (url.pathname = '/upstream/gz/callback')],
    ['a made-up state', (url: URL) => url.searchParams.set('state', 'A'.repeat(27))],
    ['a state twice', (url: URL) => url.searchParams.append('state', 'A'.repeat(27))],
    ['an endless state', (url: URL) => url.searchParams.set('state', 'A'.repeat(4000))],
    ['a posted answer that is none', (url: URL) => url.searchParams.set('posted', 'A'.repeat(27))],
    ['an unknown upstream', (url: URL) => (url.pathname = '/upstream/none/callback')],
  ])('%s', async (_what, change) => {
    const mine = await all.begin()
    const back = all.fs.agree(await all.start(mine), await all.citizen())
    const altered = new URL(back)
    change(altered)
    const page = await mine.visitor.get(altered)
    expect([400, 404]).toContain(page.status)
    expect(page.leads).toBeUndefined()
    // and nothing was used up
    expect(await mine.visitor.get(back)).toSatisfy(isAtNewcomer)
  })

  it('a code of another login', async () => {
    const [mine, theirs] = [await all.begin(), await all.begin()]
    const back = all.fs.agree(await all.start(mine), await all.citizen())
    const foreign = all.fs.agree(await all.start(theirs), await all.citizen())
    back.searchParams.set('code', foreign.searchParams.get('code') ?? '')
    const page = await mine.visitor.get(back)
    expect([page.status, page.leads]).toEqual([400, undefined])
    expect(page.html).toContain('name="password"')
  })

  it('a walk after ten minutes', async () => {
    const mine = await all.begin()
    const back = all.fs.agree(await all.start(mine), await all.citizen())
    back.searchParams.set('state', 'B'.repeat(27))
    expect(await mine.visitor.get(back)).toSatisfy(isExpired)
  })
})

describe('an upstream that fails costs the login nothing', () => {
  it('because it is down', async () => {
    const mine = await all.begin()
    const back = all.gz.agree(await all.start(mine, all.gz), await all.citizen())
    all.gz.down(true)
    const page = await mine.visitor.get(back)
    all.gz.down(false)
    expect(page.status).toBe(503)
    expect(page.html).toContain('name="password"')
    expect(await all.walk(mine, await all.citizen(), all.gz)).toSatisfy(isAtNewcomer)
  })

  it('because the person went back', async () => {
    const mine = await all.begin()
    const back = all.fs.agree(await all.start(mine), await all.citizen())
    back.searchParams.delete('code')
    back.searchParams.set('error', 'access_denied')
    const page = await mine.visitor.get(back)
    expect([page.status, page.url.pathname]).toEqual([200, mine.path])
  })
})

describe('an answer that the upstream posts', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://city.example' }

  it('counts once, in the browser of its login', async () => {
    const mine = await all.begin()
    const back = all.fs.agree(await all.start(mine), await all.citizen())
    const answer = await fetch(`${all.server.issuer}/upstream/fs/callback`, {
      method: 'POST',
      headers: form,
      body: back.searchParams.toString(),
      redirect: 'manual',
    })
    expect(answer.status).toBe(303)
    const to = new URL(answer.headers.get('location') ?? '', all.server.issuer)
    // nothing of the person is in an address
    expect(to.search).toMatch(/^\?posted=[0-9A-Za-z]{27}$/)
    expect(await mine.visitor.get(to)).toSatisfy(isAtNewcomer)
    expect(await mine.visitor.get(to)).toSatisfy(isExpired)
  })

  it.each([
    ['a field twice', 'state=a&state=b', 400],
    ['an id of a posted answer', 'posted=a', 400],
    ['more than 16 KiB', `code=${'a'.repeat(17_000)}`, 413],
  ])('is refused with %s', async (_what, body, status) => {
    const answer = await fetch(`${all.server.issuer}/upstream/fs/callback`, { method: 'POST', headers: form, body })
    expect(answer.status).toBe(status)
  })
})

describe('POST /login/<attempt>/upstream/<id>/start', () => {
  it('gives each walk a state, a nonce and a challenge of its own', async () => {
    const mine = await all.begin()
    const starts = [await all.start(mine), await all.start(mine), await all.start(mine, all.gz)]
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(new Set(starts.map((url) => url.searchParams.get(name))).size).toBe(3)
    expect(starts.map((url) => new URL(url.searchParams.get('redirect_uri') ?? '').pathname)).toEqual([
      '/upstream/fs/callback',
      '/upstream/fs/callback',
      '/upstream/gz/callback',
    ])
  })

  it('is not there for an unknown upstream', async () => {
    const mine = await all.begin()
    const page = await mine.visitor.get(mine.path)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    expect((await mine.visitor.post(`${mine.path}/upstream/none/start`, { csrf })).status).toBe(404)
  })

  it('is limited by network, and the other ways are not', async () => {
    const few = await startUpstreamLogin({ YIDENG_ADDRESS_TRIES: '3' })
    const mine = await few.begin()
    for (let times = 0; times < 3; times += 1) await few.start(mine)
    const page = await mine.visitor.get(`${mine.path}?way=upstream&at=fs`)
    const refused = await mine.visitor.submit(page, '/upstream/fs/start', {})
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true])
    expect((await mine.visitor.get(`${mine.path}?way=password`)).status).toBe(200)
  })
})
