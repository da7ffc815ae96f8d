import type { IncomingMessage } from 'node:http'
import { decodeJwt } from 'jose'
import type { Context, Middleware } from 'koa'
import { errors, type Client as OidcClient, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { addressShown, clientShown } from '../pages/reference.ts'
import { Refusal } from '../refusal/refusal.ts'
import { exactAfterLogout, redirectExactly } from './engine/answer-addresses.ts'
import { answerByGet, postedFields } from './posted-requests.ts'

const path = '/logout'

/** Parameters of OpenID Connect RP-Initiated Logout 1.0 section 2. */
const parameters = [
  'id_token_hint',
  'client_id',
  'post_logout_redirect_uri',
  'state',
  'ui_locales',
  'logout_hint',
] as const

type Parameter = (typeof parameters)[number]

/** What a sign-out request cannot say without its hint or its body. Such a flaw travels in the address. */
const travelling = ['hint', 'request'] as const
const flawParameter = 'flaw'

/** Why a sign-out will not return to the portal. The words are `logout.flaw_<kind>`. */
export interface LogoutFlaw {
  readonly kind: 'portal' | 'paused' | 'address' | (typeof travelling)[number]
  /** The paused portal. */
  readonly portal?: Client
  /** The client or the address that the request named, for the log. */
  readonly asked?: string | undefined
}

interface LogoutRequest {
  readonly kept: URLSearchParams
  readonly flaw?: LogoutFlaw
}

const flaws = new WeakMap<IncomingMessage, LogoutFlaw>()

/** The flaw of the sign-out request of this page. */
export const logoutFlawOf = ({ req }: { req: IncomingMessage }): LogoutFlaw | undefined => flaws.get(req)

export interface LogoutRequestDeps {
  provider: Provider
  /** A portal, suspended or not. */
  findRegistered(id: string): Promise<Client | undefined>
}

/**
 * Sign-out always offers a way out. oidc-provider answers a flawed request by an error, so it sees only what holds
 * (RP-Initiated Logout 1.0 section 4). By POST (section 2) both hints stay out of every address: the portal goes there.
 */
export function logoutRequests(deps: LogoutRequestDeps): Middleware {
  return async (ctx, next) => {
    if (ctx.path === `${path}/confirm`) {
      await next()
      keepAddress(ctx)
      return keepLanguage(deps.provider.issuer, ctx)
    }
    if (ctx.path !== path) return next()
    if (ctx.method === 'POST') {
      answerByGet(ctx, path, await withoutHint(deps, ctx))
      return undefined
    }
    const { kept, flaw } = await whatHolds(deps, new URLSearchParams(ctx.querystring))
    if (flaw) flaws.set(ctx.req, flaw)
    ctx.querystring = kept.toString()
    return next()
  }
}

/** The address of the portal as it is registered: oidc-provider writes its query in other bytes. */
function keepAddress(ctx: Context): void {
  const location = ctx.response.get('location')
  const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>
  const registered = oidc?.client?.postLogoutRedirectUris ?? []
  const exact = exactAfterLogout(location, registered)
  if (exact !== location) redirectExactly(ctx, exact)
}

/** The last page of a sign-out has the language of the page before. */
function keepLanguage(issuer: string, ctx: Context): void {
  const { ui_locales: locales } = ctx.query
  const target = URL.parse(ctx.response.get('location'))
  if (typeof locales !== 'string' || target?.origin !== issuer || target.pathname !== `${path}/success`) return
  target.searchParams.set('ui_locales', locales)
  ctx.redirect(target.href)
}

/** The same request for an address. A body that cannot be read is a flaw like another. */
async function withoutHint(deps: LogoutRequestDeps, ctx: Context): Promise<URLSearchParams> {
  const asked = await postedFields(ctx).catch((error: unknown) => {
    if (error instanceof Refusal) return new URLSearchParams({ [flawParameter]: 'request' })
    throw error
  })
  for (const [name, value] of new URLSearchParams(ctx.querystring)) if (!asked.has(name)) asked.append(name, value)
  const flaw = repeats(asked) ? 'request' : await hintFlaw(deps, asked)
  if (flaw) return onlyLanguage(asked, flaw)
  const hinted = hintedClient(asked)
  if (hinted !== undefined) asked.set('client_id', hinted)
  asked.delete('id_token_hint')
  // it may be a telephone number, and nothing here uses it
  asked.delete('logout_hint')
  return new URLSearchParams([...asked].filter(([name]) => name === flawParameter || isParameter(name)))
}

/** The parts of a request by GET that may be used. */
async function whatHolds(deps: LogoutRequestDeps, asked: URLSearchParams): Promise<LogoutRequest> {
  const stated = travelling.find((kind) => kind === asked.get(flawParameter))
  const general = stated ?? (repeats(asked) ? 'request' : await hintFlaw(deps, asked))
  if (general) return { kept: onlyLanguage(asked), flaw: { kind: general } }

  const kept = onlyLanguage(asked)
  const id = hintedClient(asked) ?? asked.get('client_id')
  if (id === null) return { kept }
  const client = await findActive(deps.provider, id)
  if (!client) {
    const portal = await deps.findRegistered(id)
    return { kept, flaw: portal ? { kind: 'paused', portal } : { kind: 'portal', asked: clientShown(id) } }
  }
  kept.set('client_id', id)
  const target = asked.get('post_logout_redirect_uri')
  if (target !== null && !client.postLogoutRedirectUriAllowed(target))
    return { kept, flaw: { kind: 'address', asked: addressShown(target) } }
  for (const name of ['post_logout_redirect_uri', 'state', 'logout_hint'] as const) {
    const value = asked.get(name)
    if (value !== null) kept.set(name, value)
  }
  return { kept }
}

const isParameter = (name: string): name is Parameter => parameters.some((known) => known === name)

const repeats = (asked: URLSearchParams) => parameters.some((name) => asked.getAll(name).length > 1)

function onlyLanguage(asked: URLSearchParams, flaw?: string): URLSearchParams {
  const locales = asked.get('ui_locales')
  const kept = new URLSearchParams(locales === null ? {} : { ui_locales: locales })
  if (flaw !== undefined) kept.set(flawParameter, flaw)
  return kept
}

/** The portal that the ID token was for. Its signature is another question. */
function hintedClient(asked: URLSearchParams): string | undefined {
  const hint = asked.get('id_token_hint')
  if (!hint) return undefined
  try {
    // a stranger may have written it: `aud` has any JSON type
    const audiences = [decodeJwt(hint).aud as unknown].flat().filter((one) => typeof one === 'string')
    return audiences.find((one) => audiences.length === 1 || one === asked.get('client_id'))
  } catch {
    return undefined
  }
}

/** A hint holds when we signed it for this portal, however long ago. A portal that is gone has nothing to compare with. */
async function hintFlaw({ provider, findRegistered }: LogoutRequestDeps, asked: URLSearchParams) {
  const hint = asked.get('id_token_hint')
  if (!hint) return undefined
  const id = hintedClient(asked)
  if (id === undefined || (asked.has('client_id') && asked.get('client_id') !== id)) return 'hint'
  const client = await findActive(provider, id)
  if (!client) return (await findRegistered(id)) ? undefined : 'hint'
  try {
    await provider.IdToken.validate(hint, client)
    return undefined
  } catch {
    return 'hint'
  }
}

/** oidc-provider throws for a registration that it cannot use. */
async function findActive(provider: Provider, id: string): Promise<OidcClient | undefined> {
  try {
    return await provider.Client.find(id)
  } catch (error) {
    if (error instanceof errors.OIDCProviderError) return undefined
    throw error
  }
}
