import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import { errors, Provider, type Client as OidcClient, type KoaContextWithOIDC } from 'oidc-provider'
import type { Counted } from '../config/address-networks.ts'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import { requestOf, type RequestContext } from '../pages/request-context.ts'
import { createWindow } from './window.ts'

/** The answer to a client over its budget (RFC 6585 section 4). It never passes through a browser to a portal. */
export class TooManyCalls extends errors.OIDCProviderError {
  override allow_redirect = false
  readonly retryAfter: number

  constructor(seconds: number, description: string) {
    super(429, 'temporarily_unavailable')
    this.error_description = description
    this.retryAfter = seconds
    Provider.ctx?.set('retry-after', String(seconds))
  }
}

export interface PortalBudgetLimits {
  /** Calls of one client at one endpoint in a minute. */
  portalCalls: number
  /** Refused calls of one network in ten seconds, without a client that proved itself. */
  addressRequests: number
}

const provenSeconds = 3600

/** Before and after oidc-provider answers a client. */
export interface PortalBudgets {
  /**
   * For the client of a request, as soon as it is known (oidc/engine/find-clients-once.ts).
   * @throws TooManyCalls when this client has used up its calls
   */
  admit(ctx: KoaContextWithOIDC, client: OidcClient): void
  /**
   * The same for a call outside oidc-provider (src/protocols).
   * @throws TooManyCalls
   */
  admitCall(ctx: Pick<Context, 'path' | 'req'>, client: OidcClient): void
  /** Runs around oidc-provider. It counts the answers, and refuses networks with too many refused calls. */
  middleware: Middleware
}

const provesItself = (client: OidcClient) => client.clientAuthMethod !== 'none'

/**
 * Budgets of the endpoints that clients call. An authenticated client is counted by client, so a faulty portal limits
 * only itself. A stranger cannot use up a portal's budget by naming it. Refused calls without client authentication
 * are counted by network. A network where a client authenticated within the hour is exempt, because strangers may
 * share it.
 */
export function createPortalBudgets(limits: PortalBudgetLimits, clock: Clock): PortalBudgets {
  const called = createWindow({ most: limits.portalCalls, seconds: budgets.calls.seconds, clock })
  const strangers = createWindow({ most: limits.addressRequests, seconds: budgets.refusedCalls.seconds, clock })
  const proven = createWindow({ most: 1, seconds: provenSeconds, clock })
  const keysOf = ({ path, req }: Pick<Context, 'path' | 'req'>, client: OidcClient): readonly Counted[] => {
    const of = `${path} ${client.clientId}`
    if (provesItself(client)) return [{ key: of, factor: 1 }]
    return requestOf({ req }).networks.map(({ key, factor }) => ({ key: `${of} ${key}`, factor }))
  }

  function admitCall(ctx: Pick<Context, 'path' | 'req'>, client: OidcClient): void {
    const wait = called.wait(keysOf(ctx, client))
    if (wait > 0) throw new TooManyCalls(wait, 'this client has used up its calls of this minute')
  }

  function admit(ctx: KoaContextWithOIDC, client: OidcClient): void {
    if (budgeted.has(ctx.oidc.route)) admitCall(ctx, client)
  }

  function count(ctx: Context) {
    const { status } = ctx
    if (status === 429 || status >= 500) return
    const { client } = (ctx as unknown as Partial<KoaContextWithOIDC>).oidc ?? {}
    const isRefused = status >= 400 || refusals.has(ctx.req)
    const isProven = client !== undefined && provesItself(client) && errorOf(ctx) !== 'invalid_client'
    if (client && (isProven || !isRefused)) called.count(keysOf(ctx, client))
    if (isProven) proven.count(narrowest(requestOf(ctx)))
    else if (isRefused) strangers.count(requestOf(ctx).networks)
  }

  const middleware: Middleware = async (ctx, next) => {
    const request = requestOf(ctx)
    const wait = strangers.wait(request.networks)
    if (wait > 0 && proven.wait(narrowest(request)) === 0) {
      ctx.status = 429
      ctx.set('retry-after', String(wait))
      ctx.body = { error: 'temporarily_unavailable', error_description: 'too many refused calls of your network' }
      return
    }
    await next()
    count(ctx)
  }

  return { admit, admitCall, middleware }
}

/** Refusals with status 200, as CAS has them. */
const refusals = new WeakSet<IncomingMessage>()

/** Counts the answer to this request as a refused call, also with status 200. */
export const markRefused = (req: IncomingMessage): void => void refusals.add(req)

const narrowest = ({ network }: RequestContext): Counted[] => [{ key: network, factor: 1 }]

const errorOf = ({ body }: Context) => (body as { error?: unknown } | null | undefined)?.error

const budgeted: ReadonlySet<string> = new Set([
  'token',
  'userinfo',
  'introspection',
  'revocation',
  'pushed_authorization_request',
  'device_authorization',
])
