import type { Client } from '../../clients/clients.ts'
import { Browser, type Page } from './browser.ts'
import { denial, faults, logoutFaults, rightSignIn, type Fault, type LogoutFault } from './faults.ts'
import type { Seen } from './faulty-endpoints.ts'
import type { FaultyProvider } from './faulty-provider.ts'
import { otherMark } from './made-up-person.ts'
import {
  CannotCheck,
  findInside,
  holds,
  notLed,
  openStart,
  postTo,
  resultOf,
  verdict,
  whenReady,
  type Check,
  type CheckedPortal,
  type InsideOf,
} from './signed-in-page.ts'

export { CannotCheck, type Check } from './signed-in-page.ts'

interface Portal extends CheckedPortal {
  client: Client
  provider: FaultyProvider
}

/**
 * Signs in at a portal like a browser, once with each fault.
 * @throws CannotCheck
 */
export async function checkPortal(
  portal: Portal & { waitMs: number },
  progress: (done: number, total: number) => void,
): Promise<Check[]> {
  const { client } = portal
  const first = await whenReady(portal, async () => successful(portal, await signIn(portal, rightSignIn)))
  const insideOf = await findInside(portal, first)
  const logout = client.backchannel_logout_uri
  const total = faults.length + 4 + (logout === undefined ? 0 : logoutFaults.length)
  const checks: Check[] = ofRequests(client, first.seen)
  const add = (check: Check) => {
    checks.push(check)
    progress(checks.length, total)
  }

  const again = await signIn(portal, rightSignIn)
  add(freshValues(first.seen, again.seen))
  for (const fault of faults) {
    const { browser, seen } = await signIn(portal, fault)
    const inside = await insideOf(browser)
    // a portal that never asks userinfo, or shows nothing of it, is correct too
    const notShown = fault.userinfo !== undefined && !(seen.askedUserinfo && inside?.includes(otherMark))
    add(resultOf(fault, notShown && inside !== undefined ? 'unknown' : verdict(inside)))
  }
  add(await otherBrowser(portal, insideOf))
  add(await twice(portal))
  add(await denied(portal, insideOf))
  if (logout !== undefined) {
    for (const fault of logoutFaults) add(await logoutCheck(portal, logout, fault, insideOf))
  }
  progress(total, total)
  return checks
}

interface SignIn {
  browser: Browser
  page: Page
  seen: Seen
}

/** @throws CannotCheck where the portal does not redirect to the provider */
async function signIn(portal: Portal, fault: Fault): Promise<SignIn> {
  const { provider, start } = portal
  const browser = new Browser(portal.clock)
  provider.use(fault)
  const page = await openStart(browser, start)
  const seen = provider.seen()
  if (!seen) throw notLed(start, provider.issuer, page)
  return { browser, page, seen }
}

/** @throws CannotCheck where a sign-in without a fault does not succeed */
function successful({ client }: Portal, signedIn: SignIn): SignIn {
  const { seen, page } = signedIn
  if (seen.tokenCalls === 1 && seen.tokenFault === undefined && page.status < 400) return signedIn
  const redirect = seen.authorization.get('redirect_uri')
  const why = [
    !client.redirect_uris.includes(redirect ?? '') && `its redirect_uri ${redirect} is not registered`,
    seen.authorization.get('client_id') !== client.id && 'its client_id is another one',
    seen.tokenFault,
    seen.tokenCalls === 0 && 'it never requested the tokens',
  ].find((one) => typeof one === 'string')
  const end = `it ends with status ${page.status} at ${page.url}`
  throw new CannotCheck(`A sign-in without a fault does not succeed: ${why ?? end}.`)
}

const withProtection: Record<Client['pkce'], string> = {
  required: 'with PKCE (S256), ',
  'or-nonce': 'with PKCE (S256) or a nonce, ',
  off: '',
}

/** As its registration wants it (src/clients/metadata.ts). */
function isProtected({ pkce }: Client, authorization: URLSearchParams): boolean {
  const challenged = authorization.get('code_challenge_method') === 'S256'
  return pkce === 'off' || challenged || (pkce === 'or-nonce' && authorization.has('nonce'))
}

/** Checks the requests of the portal. */
function ofRequests(client: Client, { authorization, authMethod }: Seen): Check[] {
  const scopes = (authorization.get('scope') ?? '').split(' ')
  const wanted: [string, string, boolean][] = [
    [
      'request',
      `requests a code ${withProtection[client.pkce]}and only registered scopes`,
      authorization.get('response_type') === 'code' &&
        isProtected(client, authorization) &&
        scopes.includes('openid') &&
        scopes.every((scope) => [...client.scope, 'openid'].includes(scope)),
    ],
    ['authentication', `authenticates by ${client.auth_method}`, authMethod === client.auth_method],
  ]
  return wanted.map(([name, meaning, right]) => ({ name, meaning, must: 'accepted', was: holds(right) }))
}

function freshValues(first: Seen, again: Seen): Check {
  const fresh = ['state', 'nonce', 'code_challenge'].every((name) => {
    const [one, other] = [first, again].map(({ authorization }) => authorization.get(name))
    // whether one may be left out is a question of the request
    if (name !== 'state' && one === null) return true
    return typeof one === 'string' && one.length >= 16 && one !== other
  })
  const meaning = 'sends new and long values each time: state, and nonce and code_challenge where it sends them'
  return { name: 'fresh-values', meaning, must: 'accepted', was: holds(fresh) }
}

/** An attacker sends the victim the answer of the attacker's own sign-in (RFC 9700 section 4.7). */
async function otherBrowser(portal: Portal, insideOf: InsideOf): Promise<Check> {
  portal.provider.use(rightSignIn)
  const callback = await callbackOf(portal, new Browser(portal.clock))
  const victim = new Browser(portal.clock)
  await victim.open(callback)
  const meaning = "the answer of another person's sign-in, opened in another browser"
  return { name: 'other-browser', meaning, must: 'refused', was: verdict(await insideOf(victim)) }
}

/** The same answer twice in one browser: the portal must send the code only once. */
async function twice(portal: Portal): Promise<Check> {
  portal.provider.use(rightSignIn)
  const browser = new Browser(portal.clock)
  const callback = await callbackOf(portal, browser)
  await browser.open(callback)
  const calls = portal.provider.seen()?.tokenCalls ?? 0
  // a correct portal may begin a new sign-in now, with another code
  const seen = portal.provider.seen()
  await browser.open(callback)
  const meaning = 'the same answer twice: its code is sent once'
  return { name: 'replayed-answer', meaning, must: 'refused', was: holds((seen?.tokenCalls ?? 0) > calls) }
}

/**
 * The person says No (RFC 6749 section 4.1.2.1). A portal that begins again at once leaves the person no way out.
 * The answer has `iss` (RFC 9207 section 2), which some libraries take for a sign-in that another site began.
 */
async function denied(portal: Portal, insideOf: InsideOf): Promise<Check> {
  const { browser, page } = await signIn(portal, denial)
  const begun = page.way.filter((url) => url.startsWith(`${portal.provider.issuer}/authorize`)).length
  const right = begun === 1 && page.status < 500 && (await insideOf(browser)) === undefined
  return resultOf(denial, holds(right))
}

async function callbackOf({ client, start }: Portal, browser: Browser): Promise<string> {
  const returns = (url: string) => client.redirect_uris.some((uri) => url.startsWith(`${uri}?`))
  return (await browser.open(start, returns)).url
}

async function logoutCheck(portal: Portal, uri: string, fault: LogoutFault, insideOf: InsideOf): Promise<Check> {
  const { browser } = await signIn(portal, rightSignIn)
  await postTo(uri, new URLSearchParams({ logout_token: await portal.provider.logoutToken(fault) }))
  return resultOf(fault, holds((await insideOf(browser)) === undefined))
}
