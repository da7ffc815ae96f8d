import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { gatewayTokenOf } from '../../../src/clients/gateway-token.ts'
import { tifSignature } from '../../../src/protocols/tif/tif-signed-call.ts'
import type { Services } from '../../../src/services.ts'
import { called, codeAt, registerOldPortal, type OldPortal } from '../../setup/old-portal.ts'
import { openPerson } from '../../setup/person.ts'
import { startServer, type RunningServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: OldPortal
let username: string
let browser: Visitor

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
  portal = await registerOldPortal(services)
  username = (await openPerson(services)).username
  browser = new Visitor(server.issuer)
})

const path = '/tif/sso/connect/page/oneoffcode2yrzuserinfo'

function signed(given: { at?: number; token?: string; nonce?: string; signature?: string; id?: string } = {}) {
  const { at = 0, nonce = randomUUID(), id = portal.client.id } = given
  const timestamp = String(Math.floor(Date.now() / 1000) + at)
  const token = given.token ?? gatewayTokenOf(services.dataKeys.pairwise, portal.client)
  return {
    'x-tif-paasid': id,
    'x-tif-timestamp': timestamp,
    'x-tif-nonce': nonce,
    'x-tif-signature': given.signature ?? tifSignature(timestamp, token, nonce),
  }
}

const call = (headers: Record<string, string>, code: string) =>
  called(`${server.issuer}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ryz_access_token: code }),
  })

it('signs as the product does', () => {
  expect(tifSignature('1700000000', 'token-1', 'nonce-1')).toBe(
    '7E88E48D5B630181D05A71E9A0CF44493316EF7A6D95FBA894B32924ACBCE3E9',
  )
})

describe('the signed call of a mini program’s pages', () => {
  it('gives the fields of the account for a code, once', async () => {
    const code = await codeAt(portal, browser, username)
    expect(await call(signed(), code)).toMatchObject({ status: 200, body: { userobj: { cn: '陈大文' } } })
    expect(await call(signed(), code)).toMatchObject({ status: 400, body: { error_code: 'invalid_grant' } })
  })

  it('counts each nonce once, as long as its time is accepted', async () => {
    const headers = signed({ at: 170 })
    const first = await codeAt(portal, browser, username)
    expect((await call(headers, first)).status).toBe(200)
    const second = await codeAt(portal, browser, username)
    expect((await call(headers, second)).body).toMatchObject({ error_code: 'invalid_signature' })
    await server.forward(340_000)
    expect((await call(headers, second)).body).toMatchObject({ error_code: 'invalid_signature' })
  })

  it('another portal may use the same nonce', async () => {
    const other = await registerOldPortal(services)
    const nonce = randomUUID()
    const token = gatewayTokenOf(services.dataKeys.pairwise, other.client)
    const at = 340
    expect((await call(signed({ nonce, at }), 'no code')).body).toMatchObject({ error_code: 'invalid_grant' })
    const theirs = signed({ nonce, token, id: other.client.id, at })
    expect((await call(theirs, 'no code')).body).toMatchObject({ error_code: 'invalid_grant' })
  })

  it.each([
    ['a time of 200 seconds ago', { at: 140 }, 'invalid_signature'],
    ['a time in 200 seconds', { at: 540 }, 'invalid_signature'],
    ['the secret of the portal in place of its token', { at: 340, token: 'secret' }, 'invalid_signature'],
    ['another signature', { at: 340, signature: 'A'.repeat(64) }, 'invalid_signature'],
    ['no signature', { at: 340, signature: '' }, 'invalid_request'],
    ['a nonce of one letter', { at: 340, nonce: 'n' }, 'invalid_request'],
    ['an unknown portal', { at: 340, id: 'nobody-at-all' }, 'unknown_portal'],
  ])('gives nothing for %s', async (_what, given, error) => {
    expect((await call(signed(given), 'code')).body).toMatchObject({ error_code: error })
  })

  it('gives nothing for the code of another portal', async () => {
    const other = await registerOldPortal(services)
    const code = await codeAt(other, browser, username)
    expect((await call(signed({ at: 340 }), code)).body).toMatchObject({ error_code: 'invalid_grant' })
  })
})
