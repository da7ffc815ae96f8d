import type { RouterContext } from '@koa/router'
import type Router from '@koa/router'
import type { NaturalPerson } from '../accounts/natural-persons.ts'
import type { Level } from '../assurance/levels.ts'
import type { FreshSignIn } from '../oidc/prompts.ts'
import type { Session, SessionAbout } from '../sessions/sessions.ts'
import type { RefusalCode } from '../refusal/refusal.ts'
import type { Attempt } from './attempt.ts'

export type { RouterContext, Router }

/** What a login method proved: who, and how (RFC 8176 `amr` values). */
export interface Proof {
  method: string
  personId: string
  amr: string[]
  /**
   * Of the sign-ins of the person (accounts/sign-in-endings.ts), as read before the proof was checked: a sign-in is refused where
   * one was ended since. Not needed where `authenticatorId` is looked at once more.
   */
  epoch?: number
  /** Where another session vouched for this one: its level, which is not gone beyond. */
  vouched?: Level
  /** The methods and authenticators of that session: what is taken away ends this one as well. */
  through?: Pick<SessionAbout, 'methods' | 'authenticators'> | undefined
  /** What it was done with, where that is one of several: a verified face may have bound it. */
  authenticatorId?: string
  /** What this method says where the account, or this way in, is off. */
  refusal?: RefusalCode
}

/** A way to sign in: one folder, one view (views/login/<name>.eta, its part of the sign-in page), one line in main.ts. */
export interface LoginMethod {
  /** One word everywhere: folder, route, view, audit, words. */
  readonly name: string
  /** Useful for this portal and level? One that is not is neither shown nor taken. */
  offered(attempt: Attempt): boolean
  /** What its part of the sign-in page is shown with, beside what every part is given (`PartData`). */
  part?(ctx: RouterContext, attempt: Attempt): Promise<Record<string, unknown>>
  /** Mounted under /login/:attempt/<name>; a POST there is a form already checked for CSRF. */
  routes(router: Router, host: LoginHost): void
  /**
   * Useful to a signed-in person whose level is too low? Shown on that page as a button that posts to `start` among its
   * routes; its words are `level.raise_<name>` and `level.raise_hint_<name>`.
   */
  raises?(attempt: Attempt): Promise<boolean>
  /** Its own pages in the account centre. */
  readonly enrolment?: Enrolment
  /** What it asks a person who has just signed in another way. */
  readonly offer?: Offer
  /** Pages of its own for a signed-in person, outside a running login and the account centre. */
  pages?(router: Router, centre: AccountHost): void
  /** Addresses for programs: they bring tokens, no forms. */
  api?(router: Router): void
}

/** What every part of the sign-in page is given. */
export interface PartData {
  name: string
  /** Where its routes are mounted. */
  action: string
  csrf: string
  /** What the person typed to say who they are, or the portal's `login_hint`. */
  identifier: string
  /** The refusal above the form, when it was this method's. */
  refusal: RefusalCode | undefined
  /** This browser signed in this way the last time. */
  last: boolean
}

/** All that a login method may ask of the house. */
export interface LoginHost {
  /** @throws Refusal `login_expired` when this browser has no such login running */
  attempt(ctx: RouterContext): Promise<Attempt>
  /** The only way to a session: decides the level, audits, answers the portal's request. The answer is already written to `ctx`. */
  succeed(ctx: RouterContext, proof: Proof): Promise<SignInOutcome>
  /**
   * Adds a proof to the session of a person who is signed in at too low a level.
   * @throws Refusal `login_expired` where that session ended, or the method is switched off
   */
  raise(ctx: RouterContext, proof: Pick<Proof, 'method' | 'amr' | 'personId'>): Promise<void>
  /** Shows the sign-in page again; the same answer whether the account exists or not. */
  refuse(ctx: RouterContext, refusal: LoginRefusal): Promise<void>
  /** The method's offer was answered, whichever way: the login goes on. */
  offered(ctx: RouterContext): Promise<void>
}

/** `signedIn` is false where the account or the method is locked: the sign-in page with a refusal is the answer then. */
export interface SignInOutcome {
  signedIn: boolean
}

export interface LoginRefusal {
  method: string
  code: RefusalCode
  /** What the person typed to say who they are, shown again. */
  identifier?: string
  waitMinutes?: number
  /** For the audit trail only, where they are known. */
  personId?: string | undefined
  fault?: string
}

/** A question between signing in and the portal that may always be left; it is never in the way of `prompt=none`. */
export interface Offer {
  due(signIn: FreshSignIn): Promise<boolean>
  /** Shows the question; its routes are the method's own and end in `LoginHost.offered`. */
  ask(ctx: RouterContext, attempt: Attempt): Promise<void>
}

/** What a login method adds to the account centre. */
export interface Enrolment {
  /** Mounted under /account/<name>. */
  routes(router: Router, centre: AccountHost): void
}

/** A signed-in person on a page of their own. */
export interface AccountContext {
  person: NaturalPerson
  session: Session
}

/** All that a page of the account centre may ask of it. */
export interface AccountHost {
  /**
   * Who is signed in here. Undefined when the browser was sent to sign in first (or again: `fresh` asks for a sign-in of
   * the last five minutes, `since` for one after that moment, `level` for what is missing to it); it comes back to `visit.back`, by GET. The caller then
   * returns at once.
   */
  enter(
    ctx: RouterContext,
    options?: { fresh?: boolean; since?: number; level?: Level },
  ): Promise<AccountContext | undefined>
  /** Who is signed in here, if anybody; nobody is sent anywhere. */
  signedIn(ctx: RouterContext): Promise<AccountContext | undefined>
  /**
   * As `visit` with `fresh`, and only where authenticators may be changed: not by a session that a QR code or a face alone
   * began, nor while the account is held after a recovery, unless a passkey signed in: then a page says until when.
   * @throws Refusal `not_by_qr`, `not_by_face`
   */
  mayChangeAuthenticators(ctx: RouterContext): Promise<AccountContext | undefined>
  /**
   * As `mayChangeAuthenticators`, but also while the account is held: for what only makes it safer, and what proves whose it is.
   * @throws Refusal `not_by_qr`, `not_by_face`
   */
  mayProtect(ctx: RouterContext): Promise<AccountContext | undefined>
  /**
   * As `visit` with `fresh`, and only where mandates may be given or taken: never by a session that a QR code or a face alone began, nor
   * while the account is held after a recovery, unless a passkey signed in.
   * @throws Refusal `mandates_not_by_qr`, `not_by_face`
   */
  mayGrantMandates(ctx: RouterContext): Promise<AccountContext | undefined>
  /** Shows a page of the account centre inside its frame. */
  show(
    ctx: RouterContext,
    account: AccountContext,
    view: string,
    data: Record<string, unknown>,
    status?: number,
  ): Promise<void>
}
