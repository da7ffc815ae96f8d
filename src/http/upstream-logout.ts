import type Router from '@koa/router'
import { readText } from '../pages/bodies.ts'
import { idOf } from '../pages/redirect.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { UpstreamSessions } from '../sessions/upstream-sessions.ts'
import type { Upstreams } from '../upstreams/upstream-client.ts'

export interface UpstreamLogoutDeps {
  upstreams: Upstreams
  upstreamSessions: Pick<UpstreamSessions, 'end'>
}

const mostBytes = 16 * 1024

/**
 * POST /upstream/<id>/backchannel-logout: an upstream ends its session, and with it ours that began with it (OpenID Connect
 * Back-Channel Logout 1.0, 2.5 to 2.8). A token that is not right, or that came before, changes nothing.
 */
export function upstreamLogoutRoutes(router: Router, { upstreams, upstreamSessions }: UpstreamLogoutDeps): void {
  router.post('/upstream/:id/backchannel-logout', async (ctx) => {
    const id = idOf(ctx)
    const client = upstreams.client(id)
    if (!client?.readLogout) throw new Refusal('not_found', 'no upstream that signs out so')
    if (!ctx.is('application/x-www-form-urlencoded')) throw new Refusal('unsupported_media_type')
    const tokens = new URLSearchParams(await readText(ctx.req, mostBytes)).getAll('logout_token')
    const [token = ''] = tokens
    const logout = tokens.length === 1 ? await client.readLogout(token) : undefined
    ctx.set('cache-control', 'no-store')
    if (logout && (await upstreamSessions.end({ upstream: id, ...logout }))) {
      ctx.status = 200
      ctx.body = ''
      return
    }
    ctx.status = 400
    ctx.body = { error: 'invalid_request' }
  })
}
