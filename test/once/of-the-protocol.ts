import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, SignJWT } from 'jose'
import * as oidc from 'openid-client'
import { expect } from 'vitest'
import { administrator, agree, letIn, typeCode } from '../setup/administrator.ts'
import { casPortal } from '../setup/cas-portal.ts'
import { password } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { signedIn } from '../setup/signed-in.ts'
import { Visitor, type Page } from '../setup/visitor.ts'
import {
  atOnce,
  form,
  copyOf,
  hasCode,
  clientKey,
  assertionAt,
  publicClient,
  proven,
  type OneTimeThing,
} from './things.ts'

/** One-time things of the protocols: codes, requests, assertions, proofs, and the resume of a login. */
export const ofTheProtocol: OneTimeThing[] = [
  {
    what: 'authorization code, whose tokens end when it comes again',
    where: 'oidc/artifacts/adapter.ts',
    rounds: 6,
    async prepare(world) {
      const { server, services } = world
      const { portal, visitor } = await signedIn(services, { scope: 'openid offline_access' }, { prompt: 'consent' })
      const begun = await portal.begin({ prompt: 'consent' })
      const page = await visitor.submit(await visitor.get(begun.url), '/consent', { decision: 'allow' })
      const won: Awaited<ReturnType<typeof begun.finish>>[] = []
      return {
        use: () =>
          begun.finish(page).then(
            (tokens) => won.push(tokens) > 0,
            () => false,
          ),
        async after() {
          const [tokens] = won
          const { access_token: access = '', refresh_token: refresh = '' } = tokens ?? {}
          expect(refresh).not.toBe('')
          expect(await oidc.tokenIntrospection(portal.configuration, access)).toEqual({ active: false })
          const userinfo = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${access}` } })
          expect(userinfo.status).toBe(401)
          await expect(oidc.refreshTokenGrant(portal.configuration, refresh)).rejects.toMatchObject({
            error: 'invalid_grant',
          })
        },
      }
    },
  },
  {
    what: 'ticket of CAS',
    where: 'oidc/artifacts/adapter.ts',
    rounds: 6,
    async prepare({ server, services }) {
      const portal = await casPortal(services)
      const person = await openPerson(services)
      const visitor = new Visitor(server.issuer)
      const { leads } = await signIn(visitor, await visitor.get(portal.login()), person.username)
      const ticket = leads?.searchParams.get('ticket') ?? ''
      const valid = async () => (await portal.ask('p3/serviceValidate', { ticket })).includes('<cas:user>')
      return { use: valid, after: async () => expect(await valid()).toBe(false) }
    },
  },
  {
    what: 'request_uri of a pushed request',
    where: 'oidc/artifacts/adapter.ts',
    rounds: 3,
    async prepare(world) {
      const { server } = world
      const { portal, visitor } = await publicClient(world)
      const { url } = await portal.begin()
      const pushed = await form(`${server.issuer}/par`, Object.fromEntries(url.searchParams))
      const { request_uri = '' } = (await pushed.json()) as { request_uri?: string }
      const query = new URLSearchParams({ client_id: portal.clientId, request_uri })
      const go = () => copyOf(visitor, server.issuer).get(`/authorize?${query.toString()}`)
      return { use: async () => hasCode(await go()) }
    },
  },
  {
    what: 'resume of a login',
    where: 'oidc/artifacts/one-time-use.ts',
    rounds: 6,
    async prepare(world) {
      const { server, services } = world
      const { visitor, person, resume } = await proven(world)
      const pages: Page[] = []
      return {
        async use() {
          const page = await copyOf(visitor, server.issuer).get(resume)
          if (!hasCode(page)) pages.push(page)
          return hasCode(page)
        },
        async after() {
          for (const page of pages) {
            expect(page.status).toBe(200)
            expect(page.html).toContain('提交过一次')
          }
          const entered = await services.database
            .selectFrom('audit_events')
            .select('sequence')
            .where('event', '=', 'portal.entered')
            .where('person_id', '=', person.id)
            .execute()
          expect(entered).toHaveLength(1)
        },
      }
    },
  },
  {
    what: 'answer to a login, beside its resume: it never comes back',
    where: 'oidc/artifacts/one-time-use.ts',
    rounds: 3,
    async prepare(world) {
      const { server } = world
      const { visitor, person, resume, page } = await proven(world)
      return {
        // Half of them resume; the other half answer again and then resume.
        async use(turn) {
          const browser = copyOf(visitor, server.issuer)
          if (turn % 2 === 0) return hasCode(await browser.get(resume))
          return hasCode(await browser.submit(page, '/password', { identifier: person.username, password }))
        },
      }
    },
  },
  ...(['/par', '/token'] as const).map((endpoint): OneTimeThing => ({
    what: `client assertion at ${endpoint}`,
    where: 'oidc/engine/replay-detection.ts',
    rounds: 4,
    async prepare(world) {
      const service = endpoint === '/token' ? { type: 'service' as const, redirect_uris: [] } : {}
      const { portal, fields } = await assertionAt(world, service)
      const asked =
        endpoint === '/token'
          ? { grant_type: 'client_credentials' }
          : Object.fromEntries((await portal.begin()).url.searchParams)
      return { use: async () => (await form(world.server.issuer + endpoint, { ...asked, ...fields })).ok }
    },
  })),
  {
    what: 'DPoP proof at /token, with a code of its own each time',
    where: 'oidc/engine/replay-detection.ts',
    rounds: 3,
    async prepare(world) {
      const { code } = await publicClient(world)
      const url = `${world.server.issuer}/token`
      const codes = await Promise.all(Array.from({ length: atOnce }, code))
      const dpop = await (await clientKey()).proof('POST', url)
      return { use: async (turn) => (await form(url, codes[turn] ?? {}, { dpop })).ok }
    },
  },
  {
    what: 'DPoP proof at /userinfo',
    where: 'oidc/engine/replay-detection.ts',
    rounds: 3,
    async prepare(world) {
      const { code } = await publicClient(world)
      const { issuer } = world.server
      const key = await clientKey()
      const given = await form(`${issuer}/token`, await code(), { dpop: await key.proof('POST', `${issuer}/token`) })
      const { access_token: token = '' } = (await given.json()) as { access_token?: string }
      const ath = createHash('sha256').update(token).digest('base64url')
      const dpop = await key.proof('GET', `${issuer}/userinfo`, { ath })
      const headers = { authorization: `DPoP ${token}`, dpop }
      return { use: async () => (await fetch(`${issuer}/userinfo`, { headers })).ok }
    },
  },
  {
    what: 'DPoP proof at the API of administrators',
    where: 'oidc/access-tokens.ts',
    async prepare({ server, services }) {
      const cli = await letIn(server, await administrator(server, services))
      const url = `${server.issuer}/admin/v1/client/list`
      const jwk = await exportJWK(cli.keys.publicKey)
      const ath = createHash('sha256').update(cli.tokens.access_token).digest('base64url')
      const dpop = await new SignJWT({ jti: randomUUID(), htm: 'POST', htu: url, ath })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(cli.keys.privateKey)
      const headers = { authorization: `DPoP ${cli.tokens.access_token}`, dpop, 'content-type': 'application/json' }
      return { use: async () => (await fetch(url, { method: 'POST', headers, body: '{}' })).ok }
    },
  },
  {
    what: 'device code',
    where: 'oidc/artifacts/adapter.ts',
    async prepare({ server, services }) {
      const boss = await administrator(server, services)
      const { config, DPoP } = await letIn(server, boss)
      const waiting = await oidc.initiateDeviceAuthorization(config, { scope: 'openid admin offline_access' })
      const done = await agree(boss, await typeCode(boss.visitor, waiting.user_code))
      expect(done.status).toBe(200)
      const grant = 'urn:ietf:params:oauth:grant-type:device_code'
      return {
        use: () =>
          oidc.genericGrantRequest(config, grant, { device_code: waiting.device_code }, { DPoP }).then(
            () => true,
            () => false,
          ),
      }
    },
  },
  {
    what: 'decision about a device code, by two browsers of administrators',
    where: 'oidc/artifacts/one-time-use.ts',
    async prepare({ server, services }) {
      const admins = [await administrator(server, services), await administrator(server, services)] as const
      const { config } = await letIn(server, admins[0])
      await letIn(server, admins[1])
      const waiting = await oidc.initiateDeviceAuthorization(config, { scope: 'openid admin offline_access' })
      const pages = await Promise.all(admins.map(({ visitor }) => typeCode(visitor, waiting.user_code)))
      // the same form of the same browser goes where its first copy went
      const winners = new Set<unknown>()
      return {
        async use(turn) {
          const [admin, page] = [admins[turn % 2], pages[turn % 2]]
          if (!admin || !page) throw new Error('nobody')
          const done = await copyOf(admin.visitor, server.issuer).submit(page, '/device', { confirm: 'yes' })
          if (done.status !== 200 || done.html.includes('name="user_code"') || winners.has(admin)) return false
          winners.add(admin)
          return true
        },
      }
    },
  },
]
