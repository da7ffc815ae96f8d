import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { requestStorage } from '../engine/internals.ts'
import { directIntrospection, type DirectIntrospectionDeps } from './introspection.ts'
import type { Direct } from './answers.ts'
import { directToken, type DirectTokenDeps } from './token.ts'
import { isPlain } from './plain-requests.ts'
import { directUserinfo, type DirectUserinfoDeps } from './userinfo.ts'

export type DirectDeps = DirectUserinfoDeps & DirectIntrospectionDeps & DirectTokenDeps

interface Endpoint {
  method: string
  /** oidc-provider's name of the route, for budgets and metrics. */
  route: string
  direct: Direct
}

const answeredHere = new WeakSet<IncomingMessage>()

/** Whether this request needed no middleware of oidc-provider; for the log. */
export const isAnsweredDirectly = (request: IncomingMessage): boolean => answeredHere.has(request)

/** What a reader of the `oidc` of a koa context sees: the route that oidc-provider would have found. */
interface Begun {
  _matchedRouteName?: string
  oidc?: KoaContextWithOIDC['oidc']
}

/**
 * Answers the usual request of the endpoints that portals call most (decision 0259). It uses the models of oidc-provider, and
 * none of its middleware. It says yes only: a request that is unusual, refused or failing goes to oidc-provider as it came.
 */
export function directAnswers(deps: DirectDeps): Middleware {
  const { provider } = deps
  const endpoints = new Map<string, Endpoint>([
    ['/userinfo', { method: 'GET', route: 'userinfo', direct: directUserinfo(deps) }],
    ['/token', { method: 'POST', route: 'token', direct: directToken(deps) }],
    ['/introspect', { method: 'POST', route: 'introspection', direct: directIntrospection(deps) }],
  ])
  return (ctx, next) => {
    const endpoint = endpoints.get(ctx.path)
    // without a query: the address is the path
    if (!endpoint || ctx.req.method !== endpoint.method || ctx.req.url !== ctx.path || !isPlain(ctx.req)) return next()
    const begun = begin(provider, ctx, endpoint.route)
    return requestStorage.run(begun, async () => {
      if (!(await endpoint.direct(begun))) return next()
      answeredHere.add(ctx.req)
      return undefined
    })
  }
}

/** oidc-provider begins again with a context of its own where this one answers nothing. */
function begin(provider: Provider, ctx: Context & Begun, route: string): KoaContextWithOIDC {
  ctx._matchedRouteName = route
  ctx.oidc = new provider.OIDCContext(ctx)
  return ctx as unknown as KoaContextWithOIDC
}
