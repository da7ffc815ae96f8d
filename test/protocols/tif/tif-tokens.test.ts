import { fetchUserInfo } from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../src/services.ts'
import { called, codeAt, registerOldPortal, tokenInfoAt, type OldPortal } from '../../setup/old-portal.ts'
import { openPerson } from '../../setup/person.ts'
import { registerPortal } from '../../setup/portal.ts'
import { startServer, type RunningServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: OldPortal
let person: Awaited<ReturnType<typeof openPerson>>
let browser: Visitor

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
  portal = await registerOldPortal(services)
  person = await openPerson(services)
  browser = new Visitor(server.issuer)
})

const newCode = () => codeAt(portal, browser, person.username)
const newToken = async () => String((await called(portal.tokens(await newCode()))).body['access_token'])

describe('a code', () => {
  it('gives a token for 179 seconds, and no cache keeps it', async () => {
    const { status, headers, body } = await called(portal.tokens(await newCode()))
    expect({ status, body }).toEqual({
      status: 200,
      body: { expires_in: 179, token_type: 'Bearer', access_token: expect.stringMatching(/^[\da-f-]{36}$/) },
    })
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('counts once; the token of the first use stays', async () => {
    const code = await newCode()
    const { body } = await called(portal.tokens(code))
    const info = portal.info(String(body['access_token']))
    expect((await called(info)).status).toBe(200)
    expect(await called(portal.tokens(code))).toMatchObject({ status: 400, body: { error_code: 'invalid_grant' } })
    expect((await called(info)).status).toBe(200)
  })

  it('gives one token where two calls race', async () => {
    const address = portal.tokens(await newCode())
    const answers = await Promise.all(Array.from({ length: 6 }, () => called(address)))
    expect(answers.filter(({ status }) => status === 200).length).toBe(1)
    expect(answers.every(({ status }) => status === 200 || status === 400)).toBe(true)
  })

  it.each([
    ['another address of the portal', { redirect_uri: 'http://localhost:49998/second' }, 'invalid_grant'],
    ['an address with one more letter', { redirect_uri: 'http://localhost:49997/a' }, 'invalid_grant'],
    ['no address', { redirect_uri: '' }, 'invalid_grant'],
    ['a wrong secret', { client_secret: 'wrong' }, 'invalid_client'],
    ['no secret', { client_secret: '' }, 'invalid_client'],
    ['another grant type', { grant_type: 'refresh_token' }, 'invalid_request'],
    ['another scope', { scope: 'openid' }, 'invalid_request'],
    ['no scope', { scope: '' }, 'invalid_request'],
    ['no code', { code: '' }, 'invalid_grant'],
  ])('gives nothing for %s', async (_what, given, error) => {
    const two = await registerOldPortal(services, {
      redirect_uris: ['http://localhost:49997/', 'http://localhost:49998/second'],
    })
    const code = await codeAt(two, browser, person.username)
    const { body } = await called(two.tokens(code, given))
    expect(body).toEqual({ error_code: error, error_msg: expect.stringMatching(/./) })
  })

  it('gives nothing to another portal, and then nothing to its own either', async () => {
    const other = await registerOldPortal(services)
    const code = await newCode()
    const stolen = other.tokens(code, { redirect_uri: portal.redirectUri })
    expect((await called(stolen)).body).toMatchObject({ error_code: 'invalid_grant' })
    expect((await called(portal.tokens(code))).body).toMatchObject({ error_code: 'invalid_grant' })
  })

  it('that is used gives and ends nothing where another portal shows it', async () => {
    const other = await registerOldPortal(services)
    const code = await newCode()
    const info = portal.info(String((await called(portal.tokens(code))).body['access_token']))
    expect((await called(other.tokens(code))).body).toMatchObject({ error_code: 'invalid_grant' })
    expect((await called(info)).status).toBe(200)
  })

  it('of another protocol gives nothing, is not spent, and ends nothing when it is used', async () => {
    const modern = await registerPortal(services, { consent: 'implicit' })
    const begun = await modern.begin()
    const page = await browser.get(begun.url)
    const stolen = portal.tokens(page.leads?.searchParams.get('code') ?? '')
    const refused = { status: 400, body: { error_code: 'invalid_grant' } }
    expect(await called(stolen)).toMatchObject(refused)
    const tokens = await begun.finish(page)
    expect(await called(stolen)).toMatchObject(refused)
    const userinfo = fetchUserInfo(modern.configuration, tokens.access_token, tokens.claims()?.sub ?? '')
    await expect(userinfo).resolves.toMatchObject({ sub: tokens.claims()?.sub })
  })

  it('counts 60 seconds', async () => {
    const [early, late] = [await newCode(), await newCode()]
    await server.forward(58_000)
    expect((await called(portal.tokens(early))).status).toBe(200)
    await server.forward(3000)
    expect((await called(portal.tokens(late))).body).toMatchObject({ error_code: 'invalid_grant' })
  })
})

describe('a token', () => {
  it('opens tokeninfo five times', async () => {
    const info = portal.info(await newToken())
    const statuses = []
    for (let use = 0; use < 6; use += 1) statuses.push((await called(info)).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 401])
  })

  it('opens nothing for longer than 179 seconds', async () => {
    const info = portal.info(await newToken())
    await server.forward(177_000)
    expect((await called(info)).status).toBe(200)
    await server.forward(3000)
    expect((await called(info)).body).toMatchObject({ error_code: 'invalid_token' })
  })

  it('opens nothing at another profile', async () => {
    const beijing = await registerOldPortal(services, { legacy: 'tif-beijing' })
    const token = await newToken()
    expect(await called(beijing.info(token))).toMatchObject({ status: 404, body: { error_code: 'unknown_portal' } })
  })

  it('ends when its person signs out everywhere', async () => {
    const other = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const { body } = await called(portal.tokens(await codeAt(portal, visitor, other.username)))
    const info = portal.info(String(body['access_token']))
    expect((await called(info)).status).toBe(200)
    const page = await visitor.get('/logout')
    await visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    expect((await called(info)).body).toMatchObject({ error_code: 'invalid_token' })
  })

  it('ends when the account is locked', async () => {
    const other = await openPerson(services)
    const { body } = await called(portal.tokens(await codeAt(portal, new Visitor(server.issuer), other.username)))
    const info = portal.info(String(body['access_token']))
    expect((await called(info)).status).toBe(200)
    await services.persons.setStatus(other.id, 'locked', { actor: 'administrator:test' })
    // no more than the uses that are left
    const status = async () => (await called(info)).status
    await expect.poll(status, { timeout: 2500, interval: 800 }).toBe(401)
  })
})

describe('networks', () => {
  it('elsewhere neither the secret nor a token counts', async () => {
    const far = await registerOldPortal(services, { networks: ['10.9.0.0/16'] })
    const code = await codeAt(far, browser, person.username)
    expect(await called(far.tokens(code))).toMatchObject({ status: 403, body: { error_code: 'wrong_network' } })
    await services.clients.update(far.client.id, { networks: ['127.0.0.1/32'] }, 'administrator:test')
    const again = async () => called(far.tokens(await codeAt(far, browser, person.username)))
    await expect.poll(async () => (await again()).status, { timeout: 4000 }).toBe(200)
    const info = far.info(String((await again()).body['access_token']))
    await services.clients.update(far.client.id, { networks: ['10.9.0.0/16'] }, 'administrator:test')
    await expect.poll(async () => (await called(info)).body['error_code'], { timeout: 4000 }).toBe('wrong_network')
  })
})

describe('a HEAD request', () => {
  it('uses up neither a code nor a token', async () => {
    const address = portal.tokens(await newCode())
    expect((await fetch(address, { method: 'HEAD' })).status).toBe(405)
    const { body } = await called(address)
    const info = portal.info(String(body['access_token']))
    for (let use = 0; use < 6; use += 1) expect((await fetch(info, { method: 'HEAD' })).status).toBe(405)
    expect((await called(info)).status).toBe(200)
  })
})

describe('the answer', () => {
  it('has the fields of the profile', async () => {
    const { body } = await tokenInfoAt(portal, browser, person.username)
    expect(body).toMatchObject({
      userobj: {
        cn: '陈大文',
        usertype: '1',
        idcardtype: '10',
        idcardnumber: person.number,
        telephonenumber: person.phone,
        creditable_level_of_account: 'L1',
        isreal: 'true',
      },
    })
  })
})
