import * as oidc from 'openid-client'
import type { LiveThing } from '../../docs/revocation-matrix.ts'
import type { Services } from '../../src/services.ts'
import { agree, answered, typeCode } from './administrator.ts'
import { addPasskey, signInByPasskey } from './passkey.ts'
import { allow, openPerson, signIn } from './person.ts'
import type { AuthorizationRequest, TestPortal } from './portal.ts'
import { scan, signOnPhone, WaitingComputer } from './qr.ts'
import { SoftwareAuthenticator } from './software-authenticator.ts'
import { Visitor } from './visitor.ts'

type Tokens = Awaited<ReturnType<AuthorizationRequest['finish']>>

/** Tries one live thing and returns whether it still works. A probe may use it up. */
export type Probe = () => Promise<boolean>

export const succeeds = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => true,
    (error: unknown) => {
      if (error instanceof oidc.ResponseBodyError || error instanceof oidc.WWWAuthenticateChallengeError) return false
      throw error
    },
  )

export const isSignedIn = async (visitor: Visitor) => (await visitor.get('/account')).url.pathname === '/account'

/** A second browser with the same cookies. */
export function copyOf(visitor: Visitor, issuer: string, headers: Record<string, string>): Visitor {
  const copy = new Visitor(issuer, headers)
  copy.cookies = [...visitor.cookies]
  return copy
}

/** Signs in by passkey and does not follow the redirect: the login is proven but not resumed. */
export async function proveOnly(
  visitor: Visitor,
  request: AuthorizationRequest,
  passkey: SoftwareAuthenticator,
): Promise<string> {
  const page = await visitor.get(request.url)
  visitor.follows = false
  const proven = await signInByPasskey(visitor, page, passkey)
  visitor.follows = true
  const address = proven.headers.get('location')
  if (address === null) throw new Error(`not proven (${proven.status}):\n${proven.html}`)
  return address
}

/** Resumes a proven login. Returns whether it makes a session or gives a portal a code. */
export async function pickUp(visitor: Visitor, address: string): Promise<boolean> {
  const page = await visitor.get(address)
  return page.leads?.searchParams.has('code') === true || isSignedIn(visitor)
}

export async function enter(visitor: Visitor, portal: TestPortal) {
  const begun = await portal.begin()
  return { begun, page: await visitor.get(begun.url) }
}

/** One more refresh token of the same session. Each needs `prompt=consent` (OIDC Core 11). */
async function offline(visitor: Visitor, portal: TestPortal): Promise<string> {
  const begun = await portal.begin({ prompt: 'consent' })
  const tokens = await begun.finish(await allow(visitor, await visitor.get(begun.url)))
  return tokens.refresh_token ?? ''
}

/** The client of the command line, from its own network: the number of codes per network is limited. */
function commandLine(portal: TestPortal, headers: Record<string, string>): oidc.Configuration {
  const metadata = { id_token_signed_response_alg: 'ES256' }
  const config = new oidc.Configuration(portal.configuration.serverMetadata(), 'yideng-cli', metadata, oidc.None())
  oidc.allowInsecureRequests(config)
  config[oidc.customFetch] = (url, options) =>
    fetch(url, { ...options, headers: { ...options.headers, ...headers } } as RequestInit)
  return config
}

/** Approves a command line, up to its token request. */
async function approveDevice(config: oidc.Configuration, visitor: Visitor, passkey: SoftwareAuthenticator) {
  const { issuer } = config.serverMetadata()
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
  const waiting = await oidc.initiateDeviceAuthorization(config, { scope: 'openid admin offline_access' })
  const administrator = { visitor, authenticator: passkey } as Parameters<typeof agree>[0]
  const done = await agree(administrator, await typeCode(visitor, waiting.user_code))
  if (done.status !== 200) throw new Error(`not let in (${done.status}):\n${done.html}`)
  const type = 'urn:ietf:params:oauth:grant-type:device_code'
  const redeem = () => oidc.genericGrantRequest(config, type, { device_code: waiting.device_code }, { DPoP })
  const call = async (token: string) => {
    const url = new URL('/admin/v1/client/list', issuer)
    const given = new Headers({ 'content-type': 'application/json', accept: 'application/json' })
    const asked = oidc.fetchProtectedResource(config, token, url, 'POST', '{}', given, { DPoP })
    const answer = await asked.catch((error: unknown) => {
      if (error instanceof oidc.WWWAuthenticateChallengeError) return error.response
      throw error
    })
    return (await answered(answer)).status === 200
  }
  return { redeem, call }
}

export const refresh = (portal: TestPortal, token: string) => oidc.refreshTokenGrant(portal.configuration, token)
export const userinfo = (portal: TestPortal, token: string) =>
  oidc.fetchUserInfo(portal.configuration, token, oidc.skipSubjectCheck)

/** A recovery by code that changes nothing but leaves its link, without the hold: the thief may make what they like. */
async function recoverAsBefore(services: Services, personId: string, code: string): Promise<void> {
  const known = await services.authenticators.find(personId, 'password')
  const pass = await services.recovery.checkCode(personId, code)
  if (!known || !pass) throw new Error('nothing to recover with')
  await services.recovery.recover(pass, { kind: 'password', data: known.data }, { actor: 'person' })
  await services.database.updateTable('natural_persons').set({ held_until: null }).where('id', '=', personId).execute()
}

/** An administrator with a password and two passkeys. A thief holds one passkey and has signed in by it. */
export async function robbed(
  services: Services,
  portal: TestPortal,
  headers: Record<string, string>,
  { recovered = false } = {},
) {
  const { issuer } = services.settings
  const person = await openPerson(services, { name: '关丽' })
  await services.administrators.grant({ personId: person.id, role: 'viewer', region: '440000' }, 'administrator:test')
  const browser = () => new Visitor(issuer, headers)
  const codes = await services.recovery.makeCodes(person.id, { actor: 'person' })
  if (recovered) await recoverAsBefore(services, person.id, codes[9] ?? '')

  const [owner, other] = [browser(), browser()]
  for (const one of [owner, other]) await signIn(one, await one.get('/account'), person.username)
  // without a counter, so that several requests may use it at once
  const passkey = new SoftwareAuthenticator(issuer, { synced: true })
  for (const one of [new SoftwareAuthenticator(issuer), passkey]) await addPasskey(owner, one)
  const stolen = (await services.authenticators.list(person.id, 'passkey'))[1]

  const thief = browser()
  const begun = await portal.begin({ prompt: 'consent' })
  const proven = await signInByPasskey(thief, await thief.get(begun.url), passkey)
  const first: Tokens = await begun.finish(await allow(thief, proven))
  const refreshTokens: string[] = []
  for (let more = 0; more < 4; more += 1) refreshTokens.push(await offline(thief, portal))
  const unused = await enter(thief, portal)

  const late = browser()
  const address = await proveOnly(late, await portal.begin(), passkey)

  const computer = await WaitingComputer.at((await portal.begin()).url, issuer, headers)
  const asked = await scan(thief, await computer.start())
  const told = await signOnPhone(thief, asked, passkey)
  if ((await computer.look()).state !== 'approved') throw new Error(`not approved (${told.status}):\n${told.html}`)

  const config = commandLine(portal, headers)
  const waiting = await approveDevice(config, thief, passkey)
  const inside = await approveDevice(config, thief, passkey)
  const { access_token: administrators } = await inside.redeem()

  const probes: Record<LiveThing, Probe> = {
    session: () => isSignedIn(copyOf(thief, issuer, headers)),
    other: () => isSignedIn(other),
    own: () => isSignedIn(owner),
    pending: () => pickUp(copyOf(late, issuer, headers), address),
    qr: async () => {
      const page = await computer.redeem(copyOf(computer.visitor, issuer, headers))
      return page.leads?.searchParams.has('code') === true
    },
    device: () => succeeds(waiting.redeem()),
    code: () => succeeds(unused.begun.finish(unused.page)),
    refresh: () => succeeds(refresh(portal, first.refresh_token ?? '')),
    access: () => succeeds(userinfo(portal, first.access_token)),
    administrator: () => inside.call(administrators),
  }
  return { person, codes, owner, thief, passkey, stolen, refreshTokens, probes, browser }
}

export type Robbed = Awaited<ReturnType<typeof robbed>>

/** How many of these still work. */
export async function alive(probes: Probe[]): Promise<number> {
  const found = await Promise.all(probes.map((probe) => probe()))
  return found.filter(Boolean).length
}

/** Which of these still work. */
export async function look(probes: Record<LiveThing, Probe>): Promise<LiveThing[]> {
  const found: LiveThing[] = []
  for (const [thing, probe] of Object.entries(probes) as [LiveThing, Probe][]) {
    if (await probe()) found.push(thing)
  }
  return found.toSorted()
}
