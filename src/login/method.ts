import type { RouterContext } from '@koa/router'
import type Router from '@koa/router'
import type { RefusalCode } from '../refusal/refusal.ts'
import type { Attempt } from './attempt.ts'

export type { RouterContext, Router }

/** What a login method proved: who, and how (RFC 8176 `amr` values). */
export interface Proof {
  method: string
  personId: string
  amr: string[]
}

/** A way to sign in: one folder, one view, one line in main.ts. */
export interface LoginMethod {
  /** One word everywhere: folder, route, view, audit. */
  readonly name: string
  /** Mounted under /login/:attempt/<name>; a POST there is a form already checked for CSRF. */
  routes(router: Router, host: LoginHost): void
}

/** All that a login method may ask of the house. */
export interface LoginHost {
  /** @throws Refusal `login_expired` when this browser has no such login running */
  attempt(ctx: RouterContext): Promise<Attempt>
  /** The only door to a session: level, audit, result for the portal. */
  succeed(ctx: RouterContext, proof: Proof): Promise<void>
  /** Shows the sign-in page again; the same answer whether the account exists or not. */
  refuse(ctx: RouterContext, refusal: LoginRefusal): Promise<void>
}

export interface LoginRefusal {
  method: string
  code: RefusalCode
  /** What the person typed to say who they are, shown again. */
  identifier?: string
  waitMinutes?: number
  /** For the audit trail only, where it is known. */
  personId?: string | undefined
}
