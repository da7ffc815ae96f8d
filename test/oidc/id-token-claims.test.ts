import { createHash } from 'node:crypto'
import { decodeJwt } from 'jose'
import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

/** OpenID Connect Core 3.1.3.6, as go-oidc's VerifyAccessToken reckons it for ES256 and RS256. */
const hashOf = (token: string) =>
  createHash('sha256').update(token, 'ascii').digest().subarray(0, 16).toString('base64url')

describe.each(['ES256', 'RS256'] as const)('an ID token signed with %s', (id_token_alg) => {
  it('has the hash of the access token beside it, after a refresh too', async () => {
    const { portal, tokens } = await signedIn(services, { scope: 'openid offline_access', id_token_alg })
    const again = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')
    expect(again.access_token).not.toBe(tokens.access_token)
    for (const { id_token, access_token } of [tokens, again]) {
      expect(decodeJwt(id_token ?? '')['at_hash']).toBe(hashOf(access_token))
    }
  })
})

it('sid names the session in every ID token, with and without a back-channel address', async () => {
  for (const backchannel of [{}, { backchannel_logout_uri: 'http://localhost:4999/bcl' }]) {
    const { portal, visitor, tokens } = await signedIn(services, { scope: 'openid offline_access', ...backchannel })
    const { sid } = decodeJwt(tokens.id_token ?? '')
    expect(sid).toMatch(/^[\w-]{20,}$/)
    const begun = await portal.begin()
    const second = await begun.finish(await visitor.get(begun.url))
    const refreshed = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')
    for (const { id_token } of [second, refreshed]) expect(decodeJwt(id_token ?? '')['sid']).toBe(sid)
  }
})
