import { createHash, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose'
import * as oidc from 'openid-client'
import { expect } from 'vitest'
import { readInvitee } from '../../src/accounts/mandates/invitee.ts'
import type { Back } from '../../src/admin/house.ts'
import { administrator, agree, letIn, typeCode } from '../setup/administrator.ts'
import { photographedPerson, rightFrames, room, send } from '../setup/face.ts'
import { find, openOrganisation } from '../setup/organisation.ts'
import { addPasskey, askOptions, type CreationOptions, type RequestOptions } from '../setup/passkey.ts'
import { password, residentId } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { approve, computerAndPhone, signedInPhone } from '../setup/qr.ts'
import { newPassword, personWithCodes, proveBy } from '../setup/recovery.ts'
import type { RunningServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

export interface World {
  server: RunningServer
  house: Back
}

interface Prepared {
  /** Uses it; says whether that succeeded. */
  use(turn: number): Promise<boolean>
  /** What else must hold after many uses at once. */
  after?(): Promise<void>
}

export interface OneTimeThing {
  what: string
  /** The file under src/ whose step in the store makes it count once. */
  where: string
  prepare(world: World): Promise<Prepared>
  /** A second scan ends both: then none is right, too. */
  orNone?: true
  rounds?: number
}

/** As many as are sent at once. */
export const atOnce = 8

const form = (url: string | URL, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers })

/** The same browser once more, so that each use has redirects of its own. */
function copyOf(visitor: Visitor, issuer: string): Visitor {
  const copy = new Visitor(issuer)
  copy.cookies = [...visitor.cookies]
  return copy
}

const csrfOf = (page: Page) => /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
const hasCode = (page: Page) => page.leads?.searchParams.has('code') === true

/** A key of a client, and what it signs. */
async function clientKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' }
  const signed = (claims: Record<string, unknown>, header: Record<string, unknown> = {}) =>
    new SignJWT({ jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one', ...header })
      .setIssuedAt()
      .sign(privateKey)
  const proof = (method: string, url: string, more: Record<string, unknown> = {}) => {
    const { kty, crv, x, y } = jwk
    return signed({ htm: method, htu: url, ...more }, { typ: 'dpop+jwt', jwk: { kty, crv, x, y } })
  }
  return { jwk, signed, proof, thumbprint: await calculateJwkThumbprint(jwk) }
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A portal that signs assertions, one of them, and what a pushed request needs beside it. */
async function assertionAt({ server, house }: World, overrides: Parameters<typeof registerPortal>[1] = {}) {
  const key = await clientKey()
  const jwks = { keys: [key.jwk] }
  const portal = await registerPortal(house, { auth_method: 'private_key_jwt', jwks, ...overrides })
  const id = portal.clientId
  const exp = Math.floor(Date.now() / 1000) + 60
  const client_assertion = await key.signed({ iss: id, sub: id, aud: server.issuer, exp })
  return { portal, fields: { client_id: id, client_assertion_type: assertionType, client_assertion } }
}

/** A public client, and a person signed in who gets codes for it. */
async function publicClient({ server, house }: World) {
  const portal = await registerPortal(house, { type: 'spa', scope: 'openid profile', consent: 'implicit' })
  const person = await openPerson(house)
  const visitor = new Visitor(server.issuer)
  await signIn(visitor, await visitor.get((await portal.begin()).url), person.username)
  const code = async () => {
    const verifier = randomBytes(32).toString('base64url')
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const { leads } = await visitor.get((await portal.begin({ code_challenge: challenge })).url)
    return {
      client_id: portal.clientId,
      grant_type: 'authorization_code',
      redirect_uri: portal.redirectUri,
      code: leads?.searchParams.get('code') ?? '',
      code_verifier: verifier,
    }
  }
  return { portal, visitor, code }
}

/** A login that was proven by password and has not gone on. */
async function proven(world: World) {
  const { server, house } = world
  const person = await openPerson(house)
  const portal = await registerPortal(house, { consent: 'implicit' })
  const visitor = new Visitor(server.issuer)
  const page = await visitor.get((await portal.begin()).url)
  const cookie = () => visitor.cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
  const answer = await fetch(`${server.issuer}${page.url.pathname}/password`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookie(), accept: 'text/html' },
    body: new URLSearchParams({ csrf: csrfOf(page), identifier: person.username, password }),
  })
  return { visitor, person, resume: answer.headers.get('location') ?? '', cookie, page }
}

/** Everything that counts once, with a way to use it many times at once. */
export const oneTimeThings: OneTimeThing[] = [
  {
    what: 'authorization code, whose tokens end when it comes again',
    where: 'oidc/adapter.ts',
    rounds: 6,
    async prepare(world) {
      const { server, house } = world
      const { portal, visitor } = await signedIn(house, { scope: 'openid offline_access' }, { prompt: 'consent' })
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
    what: 'request_uri of a pushed request',
    where: 'oidc/adapter.ts',
    rounds: 3,
    async prepare(world) {
      const { server } = world
      const { portal, visitor } = await publicClient(world)
      const { url } = await portal.begin()
      const pushed = await form(`${server.issuer}/par`, Object.fromEntries(url.searchParams))
      const { request_uri = '' } = (await pushed.json()) as { request_uri?: string }
      const query = new URLSearchParams({ client_id: portal.clientId, request_uri })
      const go = () => copyOf(visitor, server.issuer).get(`/authorize?${query}`)
      return { use: async () => hasCode(await go()) }
    },
  },
  {
    what: 'resume of a login',
    where: 'oidc/once.ts',
    rounds: 6,
    async prepare(world) {
      const { server, house } = world
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
            expect(page.status).toBe(400)
            expect(page.html).toContain('这次登录已经过期')
          }
          const entered = await house.database
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
    where: 'oidc/once.ts',
    rounds: 3,
    async prepare(world) {
      const { server } = world
      const { visitor, person, resume, page } = await proven(world)
      return {
        // half resume, half answer once more and then resume
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
    where: 'oidc/replay-detection.ts',
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
    where: 'oidc/replay-detection.ts',
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
    where: 'oidc/replay-detection.ts',
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
    async prepare({ server, house }) {
      const cli = await letIn(server, await administrator(server, house))
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
    where: 'oidc/adapter.ts',
    async prepare({ server, house }) {
      const boss = await administrator(server, house)
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
    where: 'oidc/once.ts',
    async prepare({ server, house }) {
      const admins = [await administrator(server, house), await administrator(server, house)] as const
      const { config } = await letIn(server, admins[0])
      await letIn(server, admins[1])
      const waiting = await oidc.initiateDeviceAuthorization(config, { scope: 'openid admin offline_access' })
      const pages = await Promise.all(admins.map(({ visitor }) => typeCode(visitor, waiting.user_code)))
      return {
        async use(turn) {
          const [admin, page] = [admins[turn % 2], pages[turn % 2]]
          if (!admin || !page) throw new Error('nobody')
          const done = await copyOf(admin.visitor, server.issuer).submit(page, '/device', { confirm: 'yes' })
          return done.status === 200 && !done.html.includes('name="user_code"')
        },
      }
    },
  },
  {
    what: 'frame of a QR code, by phones of eight people',
    where: 'login/qr/transactions.ts',
    orNone: true,
    async prepare({ server, house }) {
      const { computer } = await computerAndPhone(house)
      const people = await Promise.all(Array.from({ length: atOnce }, () => openPerson(house)))
      const phones = await Promise.all(people.map((person) => signedInPhone(server.issuer, person)))
      const frame = await computer.start()
      return {
        use: async (turn) => (await phones[turn]?.get(frame))?.html.includes('value="approve"') === true,
        after: async () => expect(['aborted', 'scanned']).toContain((await computer.look()).state),
      }
    },
  },
  {
    what: 'redemption of a QR login',
    where: 'login/qr/transactions.ts',
    async prepare({ server, house }) {
      const { computer, phone } = await computerAndPhone(house)
      await approve(phone, await phone.get(await computer.start()))
      return { use: async () => hasCode(await computer.redeem(copyOf(computer.visitor, server.issuer))) }
    },
  },
  {
    what: 'passkey challenge of a login',
    where: 'login/passkey/challenges.ts',
    async prepare({ server, house }) {
      const person = await openPerson(house)
      const phone = await signedInPhone(server.issuer, person)
      const authenticator = new SoftwareAuthenticator(server.issuer)
      await addPasskey(phone, authenticator)
      const portal = await registerPortal(house, { consent: 'implicit' })
      const visitor = new Visitor(server.issuer)
      const page = await visitor.get((await portal.begin()).url)
      const response = JSON.stringify(authenticator.get(await askOptions<RequestOptions>(visitor, page)))
      return {
        use: async () => hasCode(await copyOf(visitor, server.issuer).submit(page, '/passkey', { response })),
        async after() {
          const events = house.database.selectFrom('audit_events').select('details').where('person_id', '=', person.id)
          const entered = await events.where('event', '=', 'login.succeeded').execute()
          expect(entered.filter(({ details }) => details.includes('"passkey"'))).toHaveLength(1)
        },
      }
    },
  },
  {
    what: 'passkey challenge of an enrolment',
    where: 'login/passkey/challenges.ts',
    async prepare({ server, house }) {
      const person = await openPerson(house)
      const phone = await signedInPhone(server.issuer, person)
      const page = await phone.get('/account/passkey/add')
      const options = await askOptions<CreationOptions>(phone, page)
      const response = JSON.stringify(new SoftwareAuthenticator(server.issuer).create(options, {}))
      return {
        use: async () => (await copyOf(phone, server.issuer).submit(page, '/passkey/add', { response })).status === 200,
        after: async () => expect(await house.authenticators.list(person.id, 'passkey')).toHaveLength(1),
      }
    },
  },
  {
    what: 'challenge of a signature',
    where: 'login/passkey/signing.ts',
    async prepare({ server, house }) {
      const organisation = await openOrganisation(house)
      const visitor = await signedInPhone(server.issuer, organisation.representative)
      const authenticator = new SoftwareAuthenticator(server.issuer)
      await addPasskey(visitor, authenticator)
      const handler = await openPerson(house, { name: '周小桐' })
      const asked = await visitor.submit(
        await visitor.get(`/account/organisations/${organisation.id}/invite`),
        '/invite',
        {
          name: '周小桐',
          contact: handler.number,
          role: 'handler',
          'matter-tax.filing': 'yes',
          from: new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10),
          days: '30',
        },
      )
      const response = JSON.stringify(authenticator.get(await askOptions<RequestOptions>(visitor, asked)))
      return {
        use: async () =>
          (await copyOf(visitor, server.issuer).submit(asked, '/mandates/sign', { response })).status === 200,
        async after() {
          const given = await house.database
            .selectFrom('mandates')
            .select('id')
            .where('principal_id', '=', organisation.id)
            .execute()
          expect(given).toHaveLength(1)
        },
      }
    },
  },
  {
    what: 'invitation to a mandate, with its code',
    where: 'accounts/mandates/store.ts',
    async prepare({ server, house }) {
      const organisation = await openOrganisation(house)
      const handler = await openPerson(house, { name: '周小桐' })
      const invitee = readInvitee(house.dataKeys.blindIndex, { name: '周小桐', contact: handler.phone })
      if (!invitee.ok) throw new Error('no invitee')
      const now = house.clock()
      const offered = await house.mandates.offer(
        organisation.id,
        await find(house, organisation.representative),
        {
          role: 'handler',
          matters: ['licence.read'],
          notBefore: now,
          expiresAt: now + 86_400_000,
          invitee: invitee.invitee,
        },
        { actor: 'person' },
      )
      if (!offered.ok || !offered.code) throw new Error('no code')
      const { code, mandate } = offered
      const visitor = await signedInPhone(server.issuer, handler)
      const csrf = csrfOf(await visitor.get('/account/invitations'))
      return {
        async use() {
          const answer = await copyOf(visitor, server.issuer).post(`/account/invitations/${mandate.id}/accept`, {
            csrf,
            code,
          })
          return answer.url.pathname === `/account/organisations/${organisation.id}`
        },
      }
    },
  },
  ...(['code', 'link'] as const).map((by): OneTimeThing => ({
    what: `recovery ${by}, by eight browsers`,
    where: 'accounts/recovery/recovery.ts',
    async prepare({ server, house }) {
      const person = await personWithCodes(house)
      const link = await house.recovery.makeLink(person.id, { counter: false }, { actor: 'administrator:test' })
      const fields = { identifier: person.username, knowledge: person.number, code: person.code(0) }
      const browsers: { visitor: Visitor; page: Page }[] = []
      for (let turn = 0; turn < atOnce; turn += 1) {
        const visitor = new Visitor(server.issuer)
        const page = await (by === 'code' ? proveBy(visitor, fields) : visitor.get(`/recover/${link?.token}`))
        browsers.push({ visitor, page })
      }
      return {
        async use(turn) {
          const { visitor, page } = browsers[turn] ?? {}
          if (!visitor || !page) throw new Error('no browser')
          const chosen = { password: newPassword, password_again: newPassword }
          return (await visitor.submit(page, '/recover/new-password', chosen)).url.pathname === '/recover/done'
        },
      }
    },
  })),
  {
    what: 'end of a registration that leads on to its portal',
    where: 'login/registration.ts',
    async prepare({ server, house }) {
      const portal = await registerPortal(house, { consent: 'implicit' })
      const visitor = new Visitor(server.issuer)
      const asked = await visitor.get((await portal.begin()).url)
      const page = await visitor.get(`${asked.url.pathname}/register`)
      const registered = await visitor.submit(page, '/register', {
        name: '陈小梅',
        document_type: 'resident_id',
        document_number: residentId(
          `44030019${String(10 + ((randomBytes(1)[0] ?? 0) % 90))}0${String(1 + ((randomBytes(1)[0] ?? 0) % 9))}11${String(randomBytes(2).readUInt16BE() % 1000).padStart(3, '0')}`,
        ),
        phone: '13912345679',
        username: `once${randomBytes(4).toString('hex')}`,
        password,
        password_again: password,
        consent: 'yes',
      })
      return { use: async () => hasCode(await copyOf(visitor, server.issuer).submit(registered, '/registered', {})) }
    },
  },
  {
    what: 'verification of a face',
    where: 'login/face/checks.ts',
    async prepare({ server, house }) {
      const { visitor, page } = await room(server.issuer, await photographedPerson(house))
      const asked = await visitor.submit(page, '/face/start', {})
      const capture = await visitor.submit(asked, '/face/consent', { agree: 'yes' })
      const frames = await rightFrames(capture)
      return { use: async () => (await send(copyOf(visitor, server.issuer), capture, frames)).outcome === 'passed' }
    },
  },
  {
    what: 'approval of a second administrator',
    where: 'admin/remote/approvals.ts',
    async prepare({ server, house }) {
      const [first, second] = [
        await letIn(server, await administrator(server, house)),
        await letIn(server, await administrator(server, house)),
      ]
      const portal = await registerPortal(house)
      const asked = await first.call('client/delete', { id: portal.clientId })
      const { request } = asked.body.document as { request: string }
      return { use: async () => (await second.call('approval/approve', { id: request })).status === 200 }
    },
  },
]
