import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import { answerAddress } from '../../src/oidc/engine/answer-addresses.ts'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

/** Queries that a parser writes in other bytes (RFC 6749 section 3.1.2: "MUST be retained"). */
const queries = [
  '?a=%E4%BD%A0+b&c=%2F',
  '?path=/a/b',
  '?flag',
  '?flag&other=',
  '?a%20b=c%20d',
  '?a;b',
  '?a=1&a=2',
  '?x=%7E~!()',
  '?return=https://a.example/?b=c',
  '?lower=%e4%bd%a0',
  '?%zz=1',
  '?=empty',
  '?a=1&',
  '?a==b',
  '?',
]

describe('the query of a registered address stays byte by byte', () => {
  it('after a sign-in, in an error, and after a sign-out', async () => {
    const base = 'http://localhost:4999/callback'
    const redirect_uris = queries.map((query) => base + query)
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const portal = await registerPortal(services, {
      consent: 'implicit',
      redirect_uris,
      post_logout_redirect_uris: redirect_uris,
    })
    const first = await portal.begin({ redirect_uri: redirect_uris[0] ?? '' })
    const page = await visitor.get(first.url)
    expect(page.leads?.href, page.html).toBeUndefined()
    await signIn(visitor, page, person.username)

    for (const uri of redirect_uris) {
      const joined = /[?&]$/.test(uri) ? uri : `${uri}&`
      const { url } = await portal.begin({ redirect_uri: uri })
      const answer = await visitor.get(url)
      expect(answer.leads?.href.startsWith(`${joined}code=`), `${uri} → ${answer.leads?.href}`).toBe(true)
      const refused = await visitor.get((await portal.begin({ redirect_uri: uri, scope: 'nothing' })).url)
      expect(refused.leads?.href.startsWith(`${joined}error=`), uri).toBe(true)
    }
  })

  it.each(queries)('after a sign-out: %s', async (query) => {
    const uri = `http://localhost:4999/bye${query}`
    const person = await openPerson(services)
    const visitor = new Visitor(server.issuer)
    const portal = await registerPortal(services, { consent: 'implicit', post_logout_redirect_uris: [uri] })
    const begun = await portal.begin()
    const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
    const url = oidc.buildEndSessionUrl(portal.configuration, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: uri,
      state: 'a b',
    })
    const page = await visitor.get(url)
    const left = await visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    expect(left.leads?.href).toBe(`${/[?&]$/.test(uri) ? uri : `${uri}&`}state=a+b`)
  })
})

it.each([
  ['https://a.example/', {}, 'https://a.example/'],
  ['https://a.example/cb?code=old&x=%2f', { code: 'new' }, 'https://a.example/cb?x=%2f&code=new'],
  ['https://a.example/cb?c%6Fde=old', { code: 'new' }, 'https://a.example/cb?code=new'],
  ['cn.gov.example.app:/cb?a=%20', { code: 'n' }, 'cn.gov.example.app:/cb?a=%20&code=n'],
])('%s with %j', (uri, answer, address) => {
  expect(answerAddress(uri, answer)).toBe(address)
})
