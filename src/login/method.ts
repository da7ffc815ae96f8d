import type { RouterContext } from '@koa/router'
import type Router from '@koa/router'
import type { NaturalPerson } from '../accounts/natural-persons.ts'
import type { Level } from '../assurance/levels.ts'
import type { PagePortal } from '../oidc/pages.ts'
import type { FreshSignIn } from '../oidc/prompts.ts'
import type { Session, SessionOrigin } from '../sessions/sessions.ts'
import type { RefusalCode } from '../refusal/refusal.ts'
import type { Shown } from './arrange.ts'
import type { Attempt } from './attempt.ts'

export type { RouterContext, Router }

/** The result of a login method: the person, and how they were proven (RFC 8176 `amr` values). */
export interface LoginProof {
  method: string
  personId: string
  amr: string[]
  /**
   * Epoch of the person's sign-ins (accounts/sign-in-endings.ts), read before the proof was checked. The sign-in is refused
   * where the epoch has changed since. Not needed with an `authenticatorId`, which is checked again.
   */
  epoch?: number
  /** Level of the session that asserts this one, as a phone does by QR code; the new session never exceeds it. */
  vouched?: Level
  /** Methods and authenticators of that session: the loss of one of them ends this session too. */
  through?: Pick<SessionOrigin, 'methods' | 'authenticators'> | undefined
  /** The session at the upstream that named the person, sealed (sessions/upstream-sessions.ts). */
  upstreamSession?: string
  /** The authenticator, for a method of which a person may have several; a verified face may have bound it. */
  authenticatorId?: string
  /** Refusal to show where the method is switched off, or an ending of sign-ins made the proof void. */
  refusal?: RefusalCode
}

/** A proof that an ending of sign-ins, or the removal of its authenticator, makes void. */
type RevocableProof = LoginProof & ({ epoch: number } | { authenticatorId: string })

/** What raises a session. `through`: the loss of one of these ends the session. */
export type RaisingProof = Pick<LoginProof, 'method' | 'amr' | 'personId' | 'through'>

/** The person of a sign-in, and how they signed in (RFC 8176). */
export interface SignedIn {
  personId: string
  amr: readonly string[]
}

/** A login method: a folder in methods/ with a view `sign-in` (its part of the sign-in page), and an entry in src/login-methods.ts. */
export interface LoginMethod {
  /** The same word for its folder, routes, view, audit entries and words. */
  readonly name: string
  /** Whether it signs in administrators: it resists phishing, and verifies the person. */
  readonly strongEnoughForAdmin?: boolean
  /** Whether this login offers the method. Otherwise it is not shown and its routes refuse. */
  offered(attempt: Attempt, ctx: RouterContext): boolean | Promise<boolean>
  /** Whether this login is at a kiosk: a machine that many people use, in a hall. */
  atKiosk?(attempt: Attempt): boolean
  /** Whether the browser is the app of this method, or the portal asked for it: its way comes first, and alone. */
  here?(ctx: RouterContext, attempt: Attempt): boolean
  /** Answers the first look at the sign-in page, where the portal may ask for that. True where it did. */
  goesOn?(ctx: RouterContext, attempt: Attempt): Promise<boolean>
  /** What this method has found so far in this login: the sign-in page has it above the ways. */
  note?(ctx: RouterContext, attempt: Attempt): Promise<SignInNote | undefined>
  /** Data of its part of the sign-in page, in addition to `PartData`. */
  part?(ctx: RouterContext, attempt: Attempt): Promise<Record<string, unknown>>
  /** What this sign-in is for, where that is more than the portal: the sign-in page shows it in place of the portal. */
  purpose?(ctx: RouterContext, attempt: Attempt): Promise<SignInPurpose | undefined>
  /** Adds its routes under /login/:attempt/<name>. The CSRF token of a POST is checked before. */
  routes(router: Router, host: LoginHost): void
  /**
   * Whether it can raise the level of the signed-in person. The page about the level then shows a button that posts to its
   * route `start`; the words are `level.raise_<name>` and `level.raise_hint_<name>`.
   */
  raises?(attempt: Attempt, userAgent: string): Promise<boolean>
  /**
   * Whether it can show now that the person who is signed in is the one of their document. The offer then shows a button that posts to
   * its route `start`; the words are those of `raises`.
   */
  showsPossession?(who: SignedIn): Promise<boolean>
  /**
   * Asks for a second factor after this password, where the person has one. True where it has answered: the sign-in then goes on
   * under its routes, and ends in `LoginHost.succeed` with both factors.
   */
  asksAlso?(ctx: RouterContext, attempt: Attempt, proof: LoginProof): Promise<boolean>
  /** How many ways in a person has by this method, and how many are paused; for a method whose ways are no authenticators. */
  ownWays?(personId: string): Promise<{ count: number; held: number }>
  /** Its pages in the account centre. */
  readonly enrolment?: Enrolment
  /** Its question to a person who has just signed in by another method. */
  readonly offer?: Offer
  /** Its way for a person who forgot the password. */
  readonly recovery?: RecoveryWay
  /** Adds pages for a signed-in person, outside a running login and the account centre. */
  pages?(router: Router, centre: AccountHost): void
  /** Adds routes for programs, which send access tokens and no forms. */
  api?(router: Router): void
}

/** Words above the ways of the sign-in page: the method's view `note` has it as its data. */
export interface SignInNote {
  /** Name of the method. */
  name: string
  [data: string]: unknown
}

/** A heading of the sign-in page: the method's view `first` has it as its data, and the page's title is `<kind>.first_title`. */
export interface SignInPurpose {
  /** Name of the method. */
  kind: string
  portal: PagePortal
  [data: string]: unknown
}

/** Data of every part of the sign-in page. */
export interface PartData {
  name: string
  shown: Shown
  icon: string
  scripted: boolean
  /** The page of this method alone. */
  href: string
  /** Undefined where no person may register. */
  registerUrl: string | undefined
  /** Path of its routes. */
  action: string
  csrf: string
  /** The identifier that the person typed, or the portal's `login_hint`. */
  identifier: string
  /** The refusal above the form, where this method refused. */
  refusal: RefusalCode | undefined
  /** The last sign-in of this browser used this method. */
  last: boolean
}

/** Everything that a running login offers to a login method. */
export interface LoginHost {
  /** @throws Refusal `login_expired` when this browser has no such login running */
  attempt(ctx: RouterContext): Promise<Attempt>
  /** The only way to a session: decides the level, audits, answers the portal's request. The answer is already written to `ctx`. */
  succeed(ctx: RouterContext, proof: RevocableProof): Promise<SignInOutcome>
  /**
   * Adds a proof to the session of a person who is signed in at too low a level.
   * @throws Refusal `login_expired` where that session ended, or the method is switched off
   */
  raise(ctx: RouterContext, proof: RaisingProof): Promise<void>
  /** Shows the sign-in page again, with the same answer whether the account exists or not. */
  refuse(ctx: RouterContext, refusal: LoginRefusal): Promise<void>
  /** Goes on with the login after the person accepted or declined the method's offer. */
  offered(ctx: RouterContext): Promise<void>
}

/** `signedIn` is false where the account or the method is locked, or a second factor is asked for: the page for it is the answer then. */
export interface SignInOutcome {
  signedIn: boolean
}

export interface LoginRefusal {
  method: string
  code: RefusalCode
  /** The identifier that the person typed, shown again. */
  identifier?: string
  waitMinutes?: number
  /** For the audit log only, where known. */
  personId?: string | undefined
  fault?: string
}

/** A question between the sign-in and the portal. The person may always skip it; `prompt=none` never meets it. */
export interface Offer {
  /** Due also where another question came first: what it offers was found in this login, and is lost after it. */
  readonly evenAsked?: boolean
  due(signIn: FreshSignIn): Promise<boolean>
  /** Shows the question. The routes of the method take the answer and end in `LoginHost.offered`. */
  ask(ctx: RouterContext, attempt: Attempt): Promise<void>
}

/** Pages of a login method in the account centre. */
export interface Enrolment {
  /** Adds its routes under /account/<name>. */
  routes(router: Router, centre: AccountHost): void
}

/**
 * A way to prove a person who forgot the password. Every visitor of the page of a forgotten password sees the same ways; the words are
 * `recovery.way_<name>` and `recovery.way_<name>_more`.
 */
export interface RecoveryWay {
  /** Whether this installation has it. */
  offered(): boolean
  /** Adds its routes under /recover/<name>. */
  routes(router: Router, host: RecoveryHost): void
}

/** The account that was typed in this browser; it may not exist. */
export interface RecoveryClaim {
  way: string
  /** Id of the person, or a text that is no id. */
  who: string
  /** Epoch of the person's sign-ins before the proof: an ending in between makes the proof void. */
  epoch: number
  /** Whether the person agreed to what the way needs. */
  agreed: boolean
  /** Where the person came from. */
  back: string
}

/** A claim with the id of its place in this browser. */
export interface HeldClaim extends RecoveryClaim {
  holder: string
}

/** Everything that a recovery offers to a login method. */
export interface RecoveryHost {
  /** Path of a running login, else of the account centre. */
  backTo(value: unknown): string
  /** Remembers in this browser which account was typed, in place of an earlier one. */
  claim(ctx: RouterContext, claim: RecoveryClaim): Promise<HeldClaim>
  /** @throws Refusal `recovery_gone` where nothing was typed in this browser for this way, or too long ago */
  claimed(ctx: RouterContext, way: string): Promise<HeldClaim>
  /** Stores a change of the claim in this browser. */
  keep(claim: HeldClaim): Promise<void>
  /** The person is proven: leads to the form for a new password. */
  proven(ctx: RouterContext, claim: HeldClaim, by: 'face' | 'phone'): Promise<void>
}

/** The person and the session of a request to the account centre. */
export interface AccountContext {
  person: NaturalPerson
  session: Session
}

/** Everything that the account centre offers to its pages. Most routes use it through `accountRouter`. */
export interface AccountHost {
  /**
   * The person who is signed in, where the sign-in meets the options. Else undefined: the browser is redirected to sign in
   * and returns by GET to `returnTo` of the request context. The caller must return at once.
   * @param options.fresh asks for a sign-in within the last `freshSeconds`.
   * @param options.since asks for a sign-in after this moment (ms).
   * @param options.level asks for a sign-in of at least this level
   */
  enter(
    ctx: RouterContext,
    options?: { fresh?: boolean; since?: number; level?: Level },
  ): Promise<AccountContext | undefined>
  /** The person who is signed in, if any; it never redirects. */
  signedIn(ctx: RouterContext): Promise<AccountContext | undefined>
  /**
   * As `enter` with `fresh`, for a change of authenticators. While the account is on hold after a recovery, only a sign-in
   * by passkey may make one; other sign-ins get a page that shows the end of the hold.
   * @throws Refusal `not_by_qr`, `not_by_face`, `not_by_sms`, `not_by_channel`, `not_by_certificate` for a session that a QR code or one limited way began.
   * `link_held` for one by upstreams alone, while a link by number is held
   */
  mayChangeAuthenticators(ctx: RouterContext): Promise<AccountContext | undefined>
  /**
   * Any sign-in but one by limited ways alone, and during a hold only one by passkey: for acts that take a way to sign in or a mandate
   * away. A stranger with the owner's WeChat or number, or after a recovery, would shut the owner out.
   * @throws Refusal `not_by_face`, `not_by_sms`, `not_by_channel`, `not_by_certificate`, `link_held`
   */
  mayReduce(ctx: RouterContext): Promise<AccountContext | undefined>
  /**
   * As `mayChangeAuthenticators`, but also during a hold: for acts that prove the owner, or only show what may prove them.
   * @throws Refusal `not_by_qr`, `not_by_face`, `not_by_sms`, `not_by_channel`, `not_by_certificate`, `link_held`
   */
  mayProtect(ctx: RouterContext): Promise<AccountContext | undefined>
  /**
   * As `mayChangeAuthenticators`, for giving and accepting mandates.
   * @throws Refusal `mandates_not_by_qr`, `not_by_face`, `not_by_sms`, `not_by_channel`, `not_by_certificate`, `link_held`
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
