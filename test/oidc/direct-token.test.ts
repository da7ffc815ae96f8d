import { decodeJwt } from 'jose'
import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import type { ClientInput } from '../../src/clients/metadata.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { answerOf, asked, directLines, entered, known, type Entered, type Known } from './direct-calls.ts'

// As in direct-answers.test.ts: with a query, only oidc-provider answers.

let server: RunningServer
let services: Services
beforeAll(async () => {
  server = await startServer({ YIDENG_LOG_LEVEL: 'debug' })
  services = await server.services()
})

describe('token', () => {
  const through = '/token?through=oidc-provider'
  /** Requests to /token, of which the log has a line each. */
  let sent = 0
  const enter = (...given: [Partial<ClientInput>?, Record<string, string>?]) => {
    sent += 1
    return entered(services, ...given)
  }

  async function send(path: string, request: RequestInit) {
    sent += 1
    const { status, headers, body } = await answerOf(server, path, request)
    await until(async () => directLines(server, /"route":"token"/).length === sent)
    const isDirect = directLines(server, /"route":"token"/).at(-1)
    const { 'content-length': _length, ...others } = headers
    return { status, headers: others, json: JSON.parse(body) as Record<string, unknown>, isDirect }
  }

  const secretFields = new Set(['access_token', 'refresh_token', 'id_token'])
  /** What two answers with tokens have in common: all but the tokens, of which the ID tokens have the same claims. */
  function shape({ status, headers, json }: Awaited<ReturnType<typeof send>>) {
    const rest = Object.entries(json).map(([name, value]) => [name, secretFields.has(name) ? typeof value : value])
    const claims = typeof json['id_token'] === 'string' ? Object.keys(decodeJwt(json['id_token'])) : []
    return { status, headers, rest, claims }
  }

  /** A code for a signed-in browser. */
  async function codeOf({ visitor, portal }: Entered) {
    const verifier = oidc.randomPKCECodeVerifier()
    const challenge = await oidc.calculatePKCECodeChallenge(verifier)
    const { url } = await portal.begin({ code_challenge: challenge })
    const { leads } = await visitor.get(url)
    return { verifier, code: leads?.searchParams.get('code') ?? '' }
  }

  const codeGrant = ({ portal }: Entered, { code, verifier }: { code: string; verifier: string }) => ({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: portal.redirectUri,
  })

  it('is answered directly for a code, a refresh and a service, as oidc-provider does', async () => {
    const of = await enter({ scope: 'openid profile offline_access', consent: 'implicit' }, { prompt: 'consent' })
    const direct = await send('/token', asked(of.portal, codeGrant(of, await codeOf(of))))
    const other = await send(through, asked(of.portal, codeGrant(of, await codeOf(of))))
    expect([direct.status, direct.isDirect, other.isDirect]).toEqual([200, true, false])
    expect(shape(direct)).toEqual(shape(other))

    const { refresh_token: refresh = '' } = of.tokens
    const refreshed = await send('/token', asked(of.portal, { grant_type: 'refresh_token', refresh_token: refresh }))
    expect([refreshed.status, refreshed.isDirect]).toEqual([200, true])
    const next = String(refreshed.json['refresh_token'])
    const again = await send(through, asked(of.portal, { grant_type: 'refresh_token', refresh_token: next }))
    expect(shape(refreshed)).toEqual(shape(again))

    const service = await known(services, { type: 'service', redirect_uris: [] })
    const [one, two] = [
      await send('/token', asked(service, { grant_type: 'client_credentials' })),
      await send(through, asked(service, { grant_type: 'client_credentials' })),
    ]
    expect([one.status, one.isDirect]).toEqual([200, true])
    expect(shape(one)).toEqual(shape(two))
  })

  it('refuses a grant as oidc-provider does', async () => {
    const of = await enter()
    const another = await known(services)
    const first = await codeOf(of)
    const fields = codeGrant(of, first)
    const wrong: [Known, Record<string, string>][] = [
      [of.portal, { ...fields, code: 'x'.repeat(43) }],
      [of.portal, { ...fields, redirect_uri: 'https://elsewhere.example/' }],
      [of.portal, { ...fields, code_verifier: 'x'.repeat(43) }],
      [another, fields],
      [of.portal, { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43) }],
      [of.portal, { grant_type: 'refresh_token' }],
      [of.portal, { grant_type: 'client_credentials' }],
      [of.portal, { grant_type: 'password', username: 'x', password: 'x' }],
      [of.portal, { grant_type: 'refresh_token', refresh_token: 'x'.repeat(43), scope: 'a"b' }],
      [of.portal, {}],
      [{ ...of.portal, secret: another.secret }, fields],
    ]
    for (const [by, given] of wrong) {
      const [direct, other] = [await send('/token', asked(by, given)), await send(through, asked(by, given))]
      expect({ ...direct, isDirect: false }, JSON.stringify(given)).toEqual({ ...other, isDirect: false })
      expect(direct.status).toBeGreaterThanOrEqual(400)
    }
    const second = await codeOf(of)
    expect((await send('/token', asked(of.portal, codeGrant(of, second)))).status).toBe(200)
    // a code counts once, both ways
    const used = asked(of.portal, codeGrant(of, second))
    const [direct, other] = [await send('/token', used), await send(through, used)]
    expect(direct.json).toMatchObject({ error: 'invalid_grant' })
    expect(other.json).toMatchObject({ error: 'invalid_grant' })
  })

  it('leaves to oidc-provider what is unusual, with the whole body', async () => {
    const service = await known(services, { type: 'service', redirect_uris: [] })
    const fields = { grant_type: 'client_credentials' }
    const odd: RequestInit[] = [
      asked(service, { ...fields, client_id: service.clientId }),
      asked(service, { ...fields, client_secret: service.secret }),
      asked(service, [...Object.entries(fields), ...Object.entries(fields)]),
      asked(service, [...Object.entries(fields), ['scope', 'a'], ['scope', 'a']]),
      asked(service, fields, { dpop: 'x' }),
      asked({ ...service, secret: 'x'.repeat(43) }, fields),
    ]
    for (const request of odd) {
      const [direct, other] = [await send('/token', request), await send(through, request)]
      expect(direct.isDirect).toBe(false)
      expect(shape(direct)).toEqual(shape(other))
    }
  })
})
