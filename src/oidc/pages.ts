import { errors, type ErrorOut, type KoaContextWithOIDC } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { hostOf } from '../clients/hosts.ts'
import { isNotified } from '../clients/legacy.ts'
import { regionName } from '../config/regions.ts'
import { unexpected, type Reason } from '../pages/reference.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import type { Language } from '../pages/languages.ts'
import { SignerUnavailable } from '../keys/guomi/svs/signature-server.ts'
import { isUnavailable } from '../storage/unavailable.ts'
import { TooManyCalls } from '../guards/portal-budgets.ts'
import { refusals, type RefusalCode } from '../refusal/refusal.ts'
import { logoutFlawOf, type LogoutFlaw } from './logout-requests.ts'
import { programEndpoints } from './program-endpoints.ts'
import { reasonOf } from './refused-requests.ts'
import type { UpstreamSignOut } from './upstream-sign-out.ts'

const mostHosts = 3
/** Portals that the page of a sign-out lists by name. */
const mostEntered = 8

/**
 * A portal as pages show it. A portal chooses its name, but not its host, so pages show both.
 * @param leadsTo the address of the return to the portal, if it is known
 */
export function portalOf(client: Client, language: Language, leadsTo?: unknown) {
  const hosts = typeof leadsTo === 'string' ? [hostOf(leadsTo)] : client.redirect_uris.map(hostOf)
  return {
    name: client.names?.[language] ?? client.name,
    host: [...new Set(hosts)].filter(Boolean).slice(0, mostHosts).join(' · '),
    organisation: client.organisation ?? '',
    region: client.region ? regionName(client.region, language) : '',
    colour: client.colour ?? '',
  }
}

/** What a portal has registered about its duties (PIPL article 17); empty where it has said nothing. */
export const dutiesOf = ({ purpose = '', privacy_uri: privacyUri = '', contact = '', retention = '' }: Client) => ({
  purpose,
  privacyUri,
  contact,
  retention,
})

/** The origin of a portal's address; undefined for an application, whose address opens no page of a browser. */
export function pageOrigin(uri: string | undefined): string | undefined {
  const url = uri === undefined ? null : URL.parse(uri)
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.origin : undefined
}

export type PagePortal = ReturnType<typeof portalOf>

const logoutRoutes: ReadonlySet<string | undefined> = new Set([
  'end_session',
  'end_session_confirm',
  'end_session_success',
])

/** The page for an error that must not return to the portal (RFC 6749 section 4.1.2.1). */
function codeOf(error: unknown, route: string | undefined): RefusalCode {
  if (error instanceof SignerUnavailable) return 'portal_unavailable'
  if (isUnavailable(error)) return 'unavailable'
  if (error instanceof TooManyCalls) return 'too_many_requests'
  if (logoutRoutes.has(route) && error instanceof errors.OIDCProviderError && error.expose) return 'logout_invalid'
  if (error instanceof errors.InvalidClient) return 'client_unknown'
  if (error instanceof errors.InvalidRedirectUri) return 'redirect_uri_mismatch'
  if (error instanceof errors.SessionNotFound) return 'login_expired'
  if (error instanceof errors.OIDCProviderError && error.expose) return 'request_invalid'
  return 'server_error'
}

/** The same request with `client_id` instead of `id_token_hint`: an ID token is personal data, so our links leave it out. */
export function sameLogout(ctx: KoaContextWithOIDC): string {
  const { oidc } = ctx
  const query = new URLSearchParams(oidc.client ? { client_id: oidc.client.clientId } : {})
  for (const name of ['post_logout_redirect_uri', 'state', 'ui_locales']) {
    const value = oidc.params?.[name]
    if (typeof value === 'string') query.set(name, value)
  }
  return `${pathOfLogout(ctx)}?${query.toString()}`
}

export interface OidcPagesDeps {
  findClient(id: string): Promise<Client | undefined>
  /** A portal, suspended or not. */
  findRegistered(id: string): Promise<Client | undefined>
  upstreamSignOut: Pick<UpstreamSignOut, 'offer'>
}

/** Our pages instead of oidc-provider's own. */
export function createOidcPages({ findClient, findRegistered, upstreamSignOut }: OidcPagesDeps) {
  const portal = async (ctx: KoaContextWithOIDC) => {
    const client = ctx.oidc.client && (await findClient(ctx.oidc.client.clientId))
    return client ? { portal: portalOf(client, requestOf(ctx).language), portalUri: client.uri ?? '' } : {}
  }

  /**
   * The portals that a session has entered, as chips; a suspended one is left out. Those that do not learn of the
   * sign-out come first.
   */
  async function enteredPortals(ids: readonly string[], here: string | undefined, language: Language) {
    const clients = (await Promise.all(ids.map(findClient))).filter((client) => client !== undefined)
    return clients
      .sort((one, other) => Number(isNotified(one)) - Number(isNotified(other)))
      .slice(0, mostEntered)
      .map((client) => ({
        ...portalOf(client, language),
        here: client.id === here,
        notified: client.id === here || isNotified(client),
      }))
  }

  /** A suspended portal is known. Its page names it and warns of nothing. */
  async function pausedPortal({ oidc }: KoaContextWithOIDC): Promise<Client | undefined> {
    const id = oidc.params?.['client_id']
    const known = typeof id === 'string' ? await findRegistered(id) : undefined
    return known?.status === 'suspended' ? known : undefined
  }

  return {
    async error(ctx: KoaContextWithOIDC, out: ErrorOut, error: Error): Promise<void> {
      if (programEndpoints.has(ctx.path)) {
        ctx.body = out
        return
      }
      const request = requestOf(ctx)
      request.wish(localesOf(ctx))
      if (isDoneAlready(ctx)) return showPage(ctx, 'logout/done', {})
      const refused = codeOf(error, ctx.oidc.route)
      const paused = refused === 'client_unknown' ? await pausedPortal(ctx) : undefined
      const code = paused ? 'client_paused' : refused
      request.returnTo = '/' // a refused request is not worth repeating, nor its parameters
      const reference = request.refer({ ...reasonOfPage(ctx, error, code), status: refusals[code] })
      const data = { code, reference, signOutUrl: code === 'logout_invalid' ? pathOfLogout(ctx) : '' }
      const named = paused ? { portal: portalOf(paused, request.language) } : {}
      showPage(ctx, 'error/error', { ...data, ...named }, refusals[code])
    },

    /** "This portal or all?" (OIDC RP-Initiated Logout 1.0 section 2). */
    async confirmLogout(ctx: KoaContextWithOIDC): Promise<void> {
      const { session, client } = ctx.oidc
      const entered = Object.keys(session?.authorizations ?? {})
      const target = ctx.oidc.params?.['post_logout_redirect_uri']
      const request = requestOf(ctx)
      if (typeof target === 'string') request.formTargets.push(formTarget(target))
      const locales = localesOf(ctx)
      request.wish(locales)
      request.returnTo = sameLogout(ctx)
      const upstream = session && (await upstreamSignOut.offer(session.uid))
      if (upstream) request.formTargets.push(upstream.target)
      const flaw = logoutFlawOf(ctx)
      showPage(ctx, 'logout/confirm', {
        ...(await portal(ctx)),
        flaw: flaw?.kind ?? '',
        reference: flaw ? referFlaw(ctx, flaw) : '',
        paused: flaw?.portal ? portalOf(flaw.portal, request.language).name : '',
        action: `${pathOfLogout(ctx)}/confirm${locales && `?${new URLSearchParams({ ui_locales: locales }).toString()}`}`,
        xsrf: (session?.state as { secret: string } | undefined)?.secret,
        upstream: upstream?.name ?? '',
        others: entered.filter((id) => id !== client?.clientId).length,
        entered: await enteredPortals(entered, client?.clientId, request.language),
      })
    },

    async loggedOut(ctx: KoaContextWithOIDC): Promise<void> {
      showPage(ctx, 'logout/done', await portal(ctx))
    },
  }
}

const ownFailures: ReadonlySet<RefusalCode> = new Set(['server_error', 'unavailable', 'portal_unavailable'])

/** A failure of ours has the lines that it passed. */
export const reasonOfPage = (ctx: KoaContextWithOIDC, error: Error, code: RefusalCode): Omit<Reason, 'status'> =>
  ownFailures.has(code) ? { code, ...unexpected(error) } : reasonOf(ctx, error, code)

/** Words of the log for the flaws of a sign-out request. */
const flawReasons: Readonly<Record<LogoutFlaw['kind'], string>> = {
  portal: 'no portal has this client_id',
  paused: 'the portal is suspended',
  address: 'post_logout_redirect_uri is not registered for the portal',
  hint: 'id_token_hint was not signed by this server, or is for another portal',
  request: 'a parameter is repeated, or the body cannot be read',
}

function referFlaw(ctx: KoaContextWithOIDC, { kind, portal, asked }: LogoutFlaw): string {
  const reason = { code: `logout_${kind}`, status: 200, client: portal?.id ?? ctx.oidc.client?.clientId }
  return requestOf(ctx).refer({ ...reason, description: flawReasons[kind], asked })
}

/** `ui_locales` of the request, pushed and signed ones too (OpenID Connect Core 3.1.2.1, RP-Initiated Logout 1.0 section 2). */
export function localesOf(ctx: KoaContextWithOIDC): string {
  const wish = ctx.oidc.params?.['ui_locales'] ?? ctx.query['ui_locales']
  return typeof wish === 'string' ? wish : ''
}

export const pathOfLogout = ({ oidc }: KoaContextWithOIDC): string => oidc.provider.pathFor('end_session')

/** Of the form of a sign-out. */
const formSecret = /^[\da-f]{48}$/

/** The same sign-out form once more, or its last page with an unknown portal: this browser has no session. */
function isDoneAlready(ctx: KoaContextWithOIDC): boolean {
  const { route, session, provider, params } = ctx.oidc
  if (route === 'end_session_success') return true
  const origin = ctx.get('origin')
  if (route !== 'end_session_confirm' || !formSecret.test(String(params?.['xsrf']))) return false
  // a form of another site comes without our cookies
  return !session?.accountId && (origin === '' || origin === provider.issuer)
}

/** An address as Content-Security-Policy names it: its origin, or the scheme of an application. */
export function formTarget(uri: string): string {
  const { origin, protocol } = new URL(uri)
  return origin === 'null' ? protocol : origin
}
