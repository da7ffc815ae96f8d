import { createHash, randomUUID, type webcrypto } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { createScanApi } from '../../../../examples/scanner/scan-api.ts'
import type { Services } from '../../../../src/services.ts'
import { addPasskey, signInByPasskey } from '../../../setup/passkey.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { WaitingComputer } from '../../../setup/qr.ts'
import { type RunningServer, usualServer } from '../../../setup/server.ts'
import { SoftwareAuthenticator } from '../../../setup/software-authenticator.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

/** An app of a signed-in person, and a computer that waits. */
async function appAndComputer(scope = 'openid qr') {
  const person = await openPerson(services)
  const app = await registerPortal(services, { type: 'native', auth_method: 'none', scope, consent: 'ask' })
  const keys = await oidc.randomDPoPKeyPair('ES256', { extractable: true })
  const DPoP = oidc.getDPoPHandle(app.configuration, keys)
  const begun = await app.begin()
  const visitor = new Visitor(server.issuer)
  const asked = await signIn(visitor, await visitor.get(begun.url), person.username)
  // a native app is asked each time (RFC 8252 section 8.6)
  const agree = async (page: Page) => (page.leads ? page : visitor.submit(page, '/consent', { decision: 'allow' }))
  const tokens = await begun.finish(await agree(asked), { DPoP })
  const { configuration } = app
  const api = createScanApi({ issuer: server.issuer, configuration, accessToken: tokens.access_token, DPoP })
  const portal = await registerPortal(services, { name: '深圳市政务服务网', consent: 'implicit', min_level: 3 })
  const waiting = await portal.begin()
  const computer = await WaitingComputer.at(waiting.url, server.issuer)
  /** Signs in once more, as the challenge says, with the same key. */
  async function again(answer: (page: Page) => Promise<Page>) {
    const next = await app.begin({ prompt: 'login', max_age: '300' })
    const renewed = await next.finish(await agree(await answer(await visitor.get(next.url))), { DPoP })
    const accessToken = renewed.access_token
    return { renewed, api: createScanApi({ issuer: server.issuer, configuration, accessToken, DPoP }) }
  }
  return { person, asked, api, again, keys, tokens, begun: waiting, computer, visitor }
}

describe('a scanner inside an app', () => {
  it('gets consent, scans, shows the request, approves; the computer signs in', async () => {
    const { asked, api, begun, computer } = await appAndComputer()
    expect(asked.html).toContain('让您用它扫码，在电脑上登录')
    const scanned = await api.scan(await computer.start())
    expect(scanned).toMatchObject({
      state: 'scanned',
      seconds_left: 120,
      request: { portal: { name: '深圳市政务服务网' }, level: 3, legalPerson: false },
    })
    const { code = '', ...approved } = await api.approve(scanned.id)
    // without a passkey: the digits
    expect(approved).toMatchObject({ state: 'approved' })
    expect(await computer.post('code', { code })).toMatchObject({ right: true })
    expect((await begun.finish(await computer.redeem())).claims()).toMatchObject({
      amr: ['qr'],
      acr: 'urn:yideng:loa:3',
    })
  })

  it('refuses, and the computer is told', async () => {
    const { api, computer } = await appAndComputer()
    const { id } = await api.scan(await computer.start())
    expect(await api.refuse(id)).toMatchObject({ state: 'declined' })
    expect(await computer.look()).toMatchObject({ state: 'declined', reason: 'declined' })
    expect(await api.approve(id)).toMatchObject({ state: 'declined' })
  })

  it('gets the digits to show where the networks differ', async () => {
    const { api, computer } = await appAndComputer()
    const far = await WaitingComputer.at(computer.page.url, server.issuer)
    far.visitor.cookies = computer.visitor.cookies
    const elsewhere = new Visitor(server.issuer, { 'x-forwarded-for': '198.51.100.9' })
    elsewhere.cookies = computer.visitor.cookies
    const begun = JSON.parse(
      (await elsewhere.post(`${computer.page.url.pathname}/qr/start`, { csrf: computer.csrf })).html,
    ) as { id: string; frame: string }
    const { id } = await api.scan(begun.frame)
    expect(await api.approve(id)).toMatchObject({ state: 'approved', code: expect.stringMatching(/^\d{4}$/) as string })
  })

  it('cannot use the scan of another phone or app, nor a QR code of another service', async () => {
    const one = await appAndComputer()
    const other = await appAndComputer()
    const { id } = await one.api.scan(await one.computer.start())
    await expect(other.api.approve(id)).rejects.toThrow('qr_gone')
    await expect(other.api.refuse(id)).rejects.toThrow('qr_gone')
    await expect(one.api.scan('https://evil.example/q/1.a.b.c')).rejects.toThrow('qr_gone')
    expect(await one.computer.look()).toMatchObject({ state: 'scanned' })
  })

  it('of a person with a passkey asks for a sign-in by passkey first (RFC 9470), and approves after it', async () => {
    const { person, api, again, visitor, begun, computer } = await appAndComputer()
    const authenticator = new SoftwareAuthenticator(server.issuer)
    await addPasskey(visitor, authenticator)
    const { id } = await api.scan(await computer.start())
    const challenge = {
      status: 401,
      cause: [{ parameters: { error: 'insufficient_user_authentication', max_age: '300' } }],
    }
    const first: unknown = await api.approve(id).catch((error: unknown) => error)
    expect(first).toMatchObject(challenge)
    // the sign-in that it asks for has its own time, as on a page
    const body = (await (first as { response: Response }).response.json()) as { seconds_left: number }
    expect(body.seconds_left).toBeGreaterThan(400)
    expect(body.seconds_left).toBeLessThanOrEqual(420)
    const byPassword = await again((page) => signIn(visitor, page, person.username))
    await expect(byPassword.api.approve(id)).rejects.toMatchObject(challenge)
    expect(await computer.look()).toMatchObject({ state: 'scanned' })

    const byPasskey = await again((page) => signInByPasskey(visitor, page, authenticator))
    expect(byPasskey.renewed.claims()?.['amr']).toContain('user')
    expect(await byPasskey.api.approve(id)).toMatchObject({ state: 'approved' })
    await begun.finish(await computer.redeem())
  })

  it('needs the scope', async () => {
    const { api, computer } = await appAndComputer('openid profile')
    await expect(api.scan(await computer.start())).rejects.toMatchObject({ status: 403 })
  })
})

describe('attacks on the app API', () => {
  const call = (headers: Record<string, string>, body = '{"id":"x"}', type = 'application/json') =>
    fetch(`${server.issuer}/api/qr/approve`, { method: 'POST', headers: { 'content-type': type, ...headers }, body })

  /** A DPoP proof made by hand. */
  async function proof({ publicKey, privateKey }: webcrypto.CryptoKeyPair, claims: Record<string, unknown>, age = 0) {
    return new SignJWT({ jti: randomUUID(), htm: 'POST', htu: `${server.issuer}/api/qr/approve`, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
      .setIssuedAt(Math.floor(Date.now() / 1000) - age)
      .sign(privateKey)
  }

  async function stolen() {
    const { tokens, keys } = await appAndComputer()
    const token = tokens.access_token
    return { keys, authorization: `DPoP ${token}`, ath: createHash('sha256').update(token).digest('base64url'), token }
  }

  it('no token, a bearer token, a stolen token with a key of the thief', async () => {
    const { token, authorization, ath } = await stolen()
    const thief = await oidc.randomDPoPKeyPair('ES256', { extractable: true })
    const answers = await Promise.all([
      call({}),
      call({ authorization: `Bearer ${token}` }),
      call({ authorization }),
      call({ authorization, dpop: 'nonsense' }),
      call({ authorization, dpop: await proof(thief, { ath }) }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401])
    expect(answers.at(-1)?.headers.get('www-authenticate')).toContain('DPoP error="invalid_dpop_proof"')
  })

  it('a proof used twice, an old one, and one for another token, address or method', async () => {
    const { keys, authorization, ath } = await stolen()
    const dpop = await proof(keys, { ath })
    expect((await call({ authorization, dpop })).status).toBe(400)
    expect((await call({ authorization, dpop })).status).toBe(401)
    const wrong = [
      await proof(keys, { ath }, 120),
      await proof(keys, {}),
      await proof(keys, { ath: 'x' }),
      await proof(keys, { ath, htu: `${server.issuer}/api/qr/scan` }),
      await proof(keys, { ath, htm: 'GET' }),
      await proof(keys, { ath, jti: 7 }),
    ]
    for (const one of wrong) expect((await call({ authorization, dpop: one })).status).toBe(401)
  })

  it('bodies that are too large, broken or of another kind', async () => {
    const { api } = await appAndComputer()
    await expect(api.scan('x'.repeat(500))).rejects.toThrow('bad_request')
    await expect(api.scan('x'.repeat(5000))).rejects.toThrow('too_large')
  })

  it('an app whose session was ended', async () => {
    const { api, computer, visitor } = await appAndComputer()
    const frame = await computer.start()
    await visitor.get('/account')
    const logout = await visitor.get('/logout')
    await visitor.submit(logout, '/confirm', { logout: 'yes' })
    await expect(api.scan(frame)).rejects.toMatchObject({ status: 401 })
  })
})
