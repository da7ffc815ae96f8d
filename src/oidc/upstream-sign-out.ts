import { randomBytes } from 'node:crypto'
import type Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { idOf } from '../pages/redirect.ts'
import { findOrigin, type SessionOrigin } from '../sessions/session-origin.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import type { WatchedUpstreams } from '../upstreams/outages.ts'
import { redirectExactly } from './engine/answer-addresses.ts'

export interface UpstreamSignOutDeps {
  upstreams: Pick<WatchedUpstreams, 'client' | 'isDown'>
  artifacts: Artifacts
  cipher: FieldCipher
  /** Seconds. The longest time that a session can live. */
  lifetime: number
  issuer: string
}

/** The upstream that a session began with, for the page of the sign-out. */
export interface OfferedSignOut {
  name: string
  /** Its page: the form leads there. */
  target: string
}

/** Sign-out at the upstream that a session began with (OpenID Connect RP-Initiated Logout 1.0). */
export interface UpstreamSignOut {
  /** Undefined for a session without an upstream, and for an upstream that has no sign-out or does not answer. */
  offer(uid: string): Promise<OfferedSignOut | undefined>
  /** After our own sign-out: the browser goes to the upstream, and from there to its old goal. */
  middleware: Middleware
  /** GET /upstream/<id>/signed-out: from the upstream to the goal of the sign-out. */
  routes(router: Router): void
}

const kind = 'UpstreamSignOut'
/** Seconds for the upstream's own pages. */
const ttl = 600
const confirmed = '/logout/confirm'
const lastPage = '/logout/success'
/** The name of the box in views/logout/confirm.eta. */
const box = 'upstream'

export function createUpstreamSignOut(deps: UpstreamSignOutDeps): UpstreamSignOut {
  const { upstreams, artifacts, issuer } = deps
  const idOfState = (id: string, state: string) => hashId(`${id}\0${state}`)

  async function addressAt({ id, idToken }: NonNullable<SessionOrigin['upstream']>, state: string) {
    const client = upstreams.isDown(id) ? undefined : upstreams.client(id)
    return client?.logoutUrl?.({ idToken }, { url: `${issuer}/upstream/${id}/signed-out`, state })
  }

  async function offer(uid: string): Promise<OfferedSignOut | undefined> {
    const upstream = (await findOrigin(deps, uid))?.upstream
    const address = upstream && (await addressAt(upstream, ''))
    const named = upstream && upstreams.client(upstream.id)?.upstream.name
    return address === undefined || named === undefined ? undefined : { name: named, target: new URL(address).origin }
  }

  /** The upstream's address for this browser; undefined where the goal is next. */
  async function onward(uid: string, goal: string): Promise<string | undefined> {
    const upstream = (await findOrigin(deps, uid))?.upstream
    if (!upstream) return undefined
    const state = randomBytes(20).toString('base64url')
    const address = await addressAt(upstream, state)
    if (address !== undefined) await artifacts.put(kind, idOfState(upstream.id, state), goal, { ttl })
    return address
  }

  return {
    offer,
    async middleware(ctx, next) {
      await next()
      const uid = ctx.path === confirmed && ctx.status === 303 ? signedOutThere(ctx) : undefined
      const address = uid === undefined ? undefined : await onward(uid, ctx.response.get('location'))
      if (address !== undefined) redirectExactly(ctx, address)
    },
    routes(router) {
      router.get('/upstream/:id/signed-out', async (ctx) => {
        const { state } = ctx.query
        const goal = typeof state === 'string' ? await artifacts.take(kind, idOfState(idOf(ctx), state)) : undefined
        ctx.status = 303
        // an address that we sent a browser to before: it was registered then
        redirectExactly(ctx, goal ?? lastPage)
      })
    },
  }
}

/** The session that this request ended at all portals, where its person asked for the upstream too. */
function signedOutThere(ctx: Context): string | undefined {
  const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>
  const { logout } = oidc?.params ?? {}
  return logout && oidc?.body?.[box] === 'yes' ? oidc.session?.uid : undefined
}
