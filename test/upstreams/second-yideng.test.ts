import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as openid from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { upstreamsFile } from '../setup/upstreams/open.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

let city: RunningServer
let province: RunningServer
let ofCity: Services
let portal: TestPortal

beforeAll(async () => {
  const file = upstreamsFile([])
  ;[city, province] = await Promise.all([startServer(), startServer({ YIDENG_UPSTREAMS: file })])
  ofCity = await city.services()
  const here = `${province.issuer}/upstream/city`
  const registered = await ofCity.clients.create(
    {
      name: '省平台',
      organisation: '省政务服务数据管理局',
      region: '440000',
      redirect_uris: [`${here}/callback`],
      post_logout_redirect_uris: [`${here}/signed-out`],
      backchannel_logout_uri: `${here}/backchannel-logout`,
      scope: 'openid profile identity phone',
      consent: 'implicit',
    },
    'administrator:test',
  )
  if (!registered.ok) throw new Error(JSON.stringify(registered.problems))
  portal = await registerPortal(await province.services(), { consent: 'implicit', scope: 'openid profile' })
  writeFileSync(join(dirname(file), 'secret'), registered.secret ?? '')
  const row = {
    id: 'city',
    kind: 'oidc',
    name: '佛山市统一身份认证',
    issuer: city.issuer,
    clientId: registered.client.id,
    clientSecretFile: 'secret',
    scope: 'openid profile identity phone',
    levels: { 'urn:yideng:loa:2': 2, 'urn:yideng:loa:3': 3 },
    authoritativeFor: ['resident_id'],
  }
  writeFileSync(file, JSON.stringify([row]))
  const shown = async () => (await new Visitor(province.issuer).get((await portal.begin()).url)).html
  await until(async () => (await shown()).includes('佛山市统一身份认证'))
})

/** A browser: each of the two servers has its own cookies in it. */
const browser = () => ({ there: new Visitor(city.issuer), here: new Visitor(province.issuer) })

type Browser = ReturnType<typeof browser>

/** A person of the city signs in at a portal of the province. */
async function enter({ there, here }: Browser) {
  const person = await openPerson(ofCity)
  const begun = await portal.begin()
  const { leads } = await here.submit(await here.get(begun.url), '/upstream/city/start', {})
  const agreed = await signIn(there, await there.get(leads ?? ''), person.username)
  const come = await here.get(agreed.leads ?? '')
  const page = come.leads ? come : await here.submit(come, '/upstream/new', { consent: 'yes', decision: 'open' })
  return { person, tokens: await begun.finish(page) }
}

const isIn = async ({ here }: Browser) =>
  (await here.get((await portal.begin({ prompt: 'none' })).url)).leads?.searchParams.has('code') === true

const claimsIn = (tokens: openid.TokenEndpointResponse) =>
  openid.fetchUserInfo(portal.configuration, tokens.access_token, openid.skipSubjectCheck)

describe('a second Yideng as upstream', () => {
  it('asks its person again where a portal wants a fresh sign-in, or the browser has a session here', async () => {
    const { there, here } = browser()
    const { person } = await enter({ there, here })
    for (const asked of [{ prompt: 'login' }, { max_age: '0' }]) {
      for (const one of [here, new Visitor(province.issuer)]) {
        const begun = await portal.begin(asked)
        const page = await one.get(begun.url)
        const { leads } = await one.submit(page, '/upstream/city/start', {})
        // the city has a session of this browser, and asks in spite of it
        const question = await there.get(leads ?? '')
        expect(question.leads, JSON.stringify(asked)).toBeUndefined()
        const agreed = await signIn(there, question, person.username)
        const come = await one.get(agreed.leads ?? '')
        const claims = (await begun.finish(come)).claims()
        expect(claims?.amr).toEqual(['fed'])
      }
    }
    const silent = new Visitor(province.issuer)
    const started = await silent.submit(await silent.get((await portal.begin()).url), '/upstream/city/start', {})
    expect((await there.get(started.leads ?? '')).leads, 'a first sign-in may be silent').toBeDefined()
  })

  it('names its person, who gets an account of level 2 here', async () => {
    const { tokens } = await enter(browser())
    const claims = JSON.parse(Buffer.from(tokens.id_token?.split('.')[1] ?? '', 'base64url').toString()) as object
    expect(claims).toMatchObject({ amr: ['fed'], acr: 'urn:yideng:loa:2' })
    expect(await claimsIn(tokens)).toMatchObject({
      name: expect.stringMatching(/\p{Script=Han}/u),
      sub: expect.any(String),
    })
  })

  it('ends our session when its own ends', async () => {
    const mine = browser()
    await enter(mine)
    const other = browser()
    await enter(other)
    expect(await isIn(mine)).toBe(true)
    const page = await mine.there.get('/logout')
    await mine.there.submit(page, '/logout/confirm', { logout: 'yes' })
    await until(async () => !(await isIn(mine)))
    expect(await isIn(other)).toBe(true)
  })

  it('is left too when our session ends, with one more confirmation there', async () => {
    const mine = browser()
    await enter(mine)
    const atCity = async () => (await mine.there.get('/account')).status === 200 && !(await signedOutAtCity())
    const signedOutAtCity = async () => (await mine.there.get('/account')).url.pathname.startsWith('/login/')
    expect(await atCity()).toBe(true)
    const { leads } = await mine.here.submit(await mine.here.get('/logout'), '/logout/confirm', {
      logout: 'yes',
      upstream: 'yes',
    })
    const confirm: Page = await mine.there.get(leads ?? '')
    const back = await mine.there.submit(confirm, '/logout/confirm', { logout: 'yes' })
    expect(back.leads?.href).toMatch(new RegExp(`^${province.issuer}/upstream/city/signed-out\\?state=`))
    expect((await mine.here.get(back.leads ?? '')).url.pathname).toBe('/logout/success')
    expect([await isIn(mine), await signedOutAtCity()]).toEqual([false, true])
  })
})
