import type { Context, Middleware } from 'koa'
import { errors, Provider, type KoaContextWithOIDC } from 'oidc-provider'
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

export interface PortalBudgetOptions {
  provider: Provider
  /** Calls of one client at one endpoint in a minute. */
  calls: number
  /** Refused calls of one network in ten seconds, without an authenticated client. */
  refused: number
  clock: Clock
}

const provenSeconds = 3600

type ClientOf = NonNullable<KoaContextWithOIDC['oidc']['client']>
const provesItself = (client: ClientOf) => client.clientAuthMethod !== 'none'

/**
 * Budgets of the endpoints that clients call. An authenticated client is counted by client, so a faulty portal limits
 * only itself. A stranger cannot use up a portal's budget by naming it. Refused calls without client authentication
 * are counted by network. A network where a client authenticated within the hour is exempt, because strangers may
 * share it.
 * @returns middleware around oidc-provider for these endpoints
 */
export function budgetClients({ provider, calls, refused, clock }: PortalBudgetOptions): Middleware {
  const called = createWindow({ most: calls, seconds: budgets.calls.seconds, clock })
  const strangers = createWindow({ most: refused, seconds: budgets.refusedCalls.seconds, clock })
  const proven = createWindow({ most: 1, seconds: provenSeconds, clock })
  const keysOf = ({ path, req }: Pick<Context, 'path' | 'req'>, client: ClientOf): readonly Counted[] => {
    const of = `${path} ${client.clientId}`
    if (provesItself(client)) return [{ key: of, factor: 1 }]
    return requestOf({ req }).networks.map(({ key, factor }) => ({ key: `${of} ${key}`, factor }))
  }

  const find = provider.Client.find.bind(provider.Client)
  provider.Client.find = async (id) => {
    const client = await find(id)
    const ctx = Provider.ctx
    if (!client || !ctx || !budgeted.has(ctx.oidc.route)) return client
    const wait = called.wait(keysOf(ctx, client))
    if (wait === 0) return client
    throw new TooManyCalls(wait, 'this client has used up its calls of this minute')
  }

  function count(ctx: Context) {
    const { status } = ctx
    if (status === 429 || status >= 500) return
    const { client } = (ctx as unknown as Partial<KoaContextWithOIDC>).oidc ?? {}
    const isRefused = status >= 400
    const isProven = client !== undefined && provesItself(client) && errorOf(ctx) !== 'invalid_client'
    if (client && (isProven || !isRefused)) called.count(keysOf(ctx, client))
    if (isProven) proven.count(narrowest(requestOf(ctx)))
    else if (isRefused) strangers.count(requestOf(ctx).networks)
  }

  return async (ctx, next) => {
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
}

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
