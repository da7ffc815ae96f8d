import { createServer, type Server } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { freePort } from '../setup/free-port.ts'
import { until, type RunningServer, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await usualServer()
  services = await server.services()
})

const listeners: Server[] = []
afterAll(() => listeners.forEach((listener) => listener.close()))

/** A portal's back-channel logout address. It collects notices, and fails a given number of times. */
async function listen(failures = 0) {
  const received: string[] = []
  let left = failures
  const port = await freePort()
  const listener = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (left > 0) {
        left -= 1
        response.writeHead(503).end()
        return
      }
      received.push(new URLSearchParams(body).get('logout_token') ?? '')
      response.writeHead(200).end()
    })
  })
  listeners.push(listener)
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  return { received, uri: `http://127.0.0.1:${port}/backchannel-logout` }
}

async function enter(visitor: Visitor, portal: TestPortal, username?: string) {
  const begun = await portal.begin()
  const page = await visitor.get(begun.url)
  return begun.finish(username ? await signIn(visitor, page, username) : page)
}

/** One person in two portals that both listen. */
async function inTwoPortals(failures = 0) {
  const person = await openPerson(services)
  const visitor = new Visitor(server.issuer)
  const [here, there] = [await listen(), await listen(failures)]
  const home = 'https://portal.example.gov.cn/'
  const portal = await registerPortal(services, {
    consent: 'implicit',
    backchannel_logout_uri: here.uri,
    post_logout_redirect_uris: [home],
  })
  const other = await registerPortal(services, { consent: 'implicit', backchannel_logout_uri: there.uri })
  const tokens = await enter(visitor, portal, person.username)
  const otherTokens = await enter(visitor, other)
  const signOut = () =>
    visitor.get(
      oidc.buildEndSessionUrl(portal.configuration, {
        id_token_hint: tokens.id_token ?? '',
        post_logout_redirect_uri: home,
        state: 'bye',
      }),
    )
  return { person, visitor, portal, other, here, there, tokens, otherTokens, signOut }
}

describe('signing out', () => {
  it('happens when an account is locked, also from the command line', async () => {
    const { person, portal, here, there, tokens } = await inTwoPortals()
    await services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    await until(async () => here.received.length === 1 && there.received.length === 1)
    await expect(
      oidc.fetchUserInfo(portal.configuration, tokens.access_token, tokens.claims()?.sub ?? ''),
    ).rejects.toThrow()
    await services.persons.setStatus(person.id, 'active', { actor: 'administrator:test' })
    // the audit entry follows after all sessions have ended; the portals need not wait for it
    await until(async () => {
      const events = await services.database
        .selectFrom('audit_events')
        .select('event')
        .where('person_id', '=', person.id)
        .execute()
      return events.some(({ event }) => event === 'person.sessions-ended')
    })
    // unlocked again, the old session stays ended
    await expect(
      oidc.fetchUserInfo(portal.configuration, tokens.access_token, tokens.claims()?.sub ?? ''),
    ).rejects.toThrow()
  })

  it('of all portals sends each a signed logout token, ends session and tokens, and returns to the portal', async () => {
    const { visitor, portal, other, here, there, tokens, otherTokens, signOut } = await inTwoPortals()
    const asked = await signOut()
    // the person switches to English first: our link carries no ID token
    const link = /href="(\/language\?[^"]*)"/.exec(asked.html)?.[1] ?? ''
    const inEnglish = await visitor.get(link.replaceAll('&amp;', '&'))
    expect(inEnglish.html).toContain('lang="en"')
    expect(asked.html + inEnglish.html + inEnglish.url.href).not.toContain(tokens.id_token)
    const left = await visitor.submit(inEnglish, '/logout/confirm', { logout: 'yes' })
    expect(left.leads?.href).toBe('https://portal.example.gov.cn/?state=bye')
    await until(async () => here.received.length === 1 && there.received.length === 1)

    const jwks = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
    const { payload, protectedHeader } = await jwtVerify(there.received[0] ?? '', jwks, {
      issuer: server.issuer,
      audience: other.clientId,
      typ: 'logout+jwt',
    })
    expect(protectedHeader.alg).toBe('RS256')
    expect(payload).toMatchObject({
      sub: otherTokens.claims()?.sub,
      sid: otherTokens.claims()?.['sid'],
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
    expect(payload).not.toHaveProperty('nonce')

    await expect(
      oidc.fetchUserInfo(other.configuration, otherTokens.access_token, otherTokens.claims()?.sub ?? ''),
    ).rejects.toMatchObject({ status: 401 })
    const again = await portal.begin({ prompt: 'none' })
    expect((await visitor.get(again.url)).leads?.searchParams.get('error')).toBe('login_required')
  })

  it('of this portal only changes no other portal', async () => {
    const { visitor, portal, other, here, there, otherTokens, signOut } = await inTwoPortals()
    await visitor.submit(await signOut(), '/logout/confirm', {})
    await until(async () => here.received.length === 1)
    expect(there.received).toEqual([])
    const sub = otherTokens.claims()?.sub ?? ''
    expect(await oidc.fetchUserInfo(other.configuration, otherTokens.access_token, sub)).toMatchObject({ sub })
    const silent = await portal.begin({ prompt: 'none' })
    expect((await visitor.get(silent.url)).leads?.searchParams.get('code')).toBeTypeOf('string')
  })

  it('retries a portal that did not answer, and stores the result', async () => {
    const { visitor, other, there, signOut } = await inTwoPortals(1)
    await visitor.submit(await signOut(), '/logout/confirm', { logout: 'yes' })
    const kept = () =>
      services.database
        .selectFrom('logout_deliveries')
        .selectAll()
        .where('client_id', '=', other.clientId)
        .executeTakeFirst()
    expect(await kept()).toMatchObject({ state: 'pending', attempts: 1, last_result: expect.stringContaining('503') })
    await until(async () => there.received.length === 1)
    await until(async () => (await kept())?.state === 'delivered')
    expect(await kept()).toMatchObject({ attempts: 2, last_result: 'ok' })
  })

  it('does nothing without the form, nor for a form of another site', async () => {
    const { visitor, portal, there, signOut } = await inTwoPortals()
    const page = await signOut()
    const forged = await visitor.post('/logout/confirm', { xsrf: 'guessed', logout: 'yes' })
    expect(forged.status).toBe(400)
    expect(page.html).not.toContain('autofocus')
    expect(there.received).toEqual([])
    const silent = await portal.begin({ prompt: 'none' })
    expect((await visitor.get(silent.url)).leads?.searchParams.get('code')).toBeTypeOf('string')
  })

  it('never redirects to an address that the portal has not registered', async () => {
    const { visitor, tokens, portal } = await inTwoPortals()
    const url = oidc.buildEndSessionUrl(portal.configuration, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'https://evil.example/',
    })
    const page = await visitor.get(url)
    expect(page.leads).toBeUndefined()
    expect(page.html).not.toContain('evil.example')
    const out = await visitor.submit(page, '/logout/confirm', { logout: 'yes' })
    expect(out.leads).toBeUndefined()
  })

  it('happens when another person signs in on the same browser', async () => {
    const { visitor, portal, here, there } = await inTwoPortals()
    const second = await openPerson(services)
    const begun = await portal.begin({ prompt: 'login' })
    const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), second.username))
    expect(tokens.claims()?.sub).toBeTypeOf('string')
    await until(async () => here.received.length === 1 && there.received.length === 1)
  })
})
