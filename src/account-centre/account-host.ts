import { maskName } from '../accounts/identifiers/masking.ts'
import { isHeld, type NaturalPersons } from '../accounts/natural-persons.ts'
import type { TwoFactors } from '../accounts/two-factors.ts'
import type { Representations } from '../accounts/mandates/representations.ts'
import type { UpstreamLinks } from '../accounts/upstream-links.ts'
import type { Inbox } from '../channels/senders/inbox.ts'
import {
  isByQr,
  isByUpstream,
  isOneFactor,
  isUpstreamPhone,
  limitedPhone,
  limitedWay,
  signInCounts,
} from '../assurance/levels.ts'
import type { Clock } from '../config/clock.ts'
import type { AccountHost, AccountContext, RouterContext } from '../login/method.ts'
import { byPasskey } from '../oidc/command-line-client.ts'
import { redirectTo } from '../pages/redirect.ts'
import { showPage, requestOf, type KeeperSignal } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { menuAt, type MenuPage } from './menu.ts'
import { signInAddress } from './own-client.ts'

export interface AccountHostDeps {
  issuer: string
  /** Name of the cookie in which oidc-provider stores the session. */
  sessionCookie: string
  sessions: Sessions
  persons: NaturalPersons
  inbox: Inbox
  upstreamLinks: Pick<UpstreamLinks, 'heldUntil'>
  representations: Pick<Representations, 'offersTo'>
  twoFactors: TwoFactors
  /** Seconds after a sign-in during which it counts as fresh. */
  freshSeconds: number
  /** All passkeys of a person, for the keeper of passkeys in this person's browser. */
  acceptedPasskeys(personId: string): Promise<KeeperSignal>
  menuPages: readonly MenuPage[]
  clock: Clock
}

const notBy = {
  face: 'not_by_face',
  sms: 'not_by_sms',
  channel: 'not_by_channel',
  certificate: 'not_by_certificate',
} as const

/** The frame around every page of the account centre: the session, what it may do, and the menu. */
export function createAccountHost(deps: AccountHostDeps): AccountHost {
  const {
    issuer,
    sessionCookie,
    sessions,
    persons,
    inbox,
    upstreamLinks,
    representations,
    twoFactors,
    freshSeconds,
    acceptedPasskeys,
    menuPages,
    clock,
  } = deps

  const sessionOf = async (ctx: RouterContext) => {
    const cookie = ctx.cookies.get(sessionCookie, { signed: false })
    return cookie ? sessions.ofCookie(cookie) : undefined
  }

  async function signedIn(ctx: RouterContext): Promise<AccountContext | undefined> {
    const session = await sessionOf(ctx)
    const person = session && (await persons.find(session.personId))
    if (!session || person?.status !== 'active') return undefined
    const { uid: sessionUid, signedInAt: at, level, amr } = session
    const signIn = { at, sessionUid, level, amr }
    const counts = signInCounts({ signIn, endings: person.endings, held: isHeld(person, clock()) })
    return counts ? { session, person } : undefined
  }

  const isFresh = ({ session }: AccountContext) => clock() / 1000 - session.signedInAt <= freshSeconds

  /**
   * The session's sign-in ended, but a server may have a state of a moment ago (storage/cached.ts). The sign-in would then lead
   * back here at once, in a circle: so the session goes first.
   */
  async function removeIfEnded(ctx: RouterContext): Promise<void> {
    const session = await sessionOf(ctx)
    if (session) await sessions.removeEnded(session.personId)
  }

  /** Refuses a session by QR code, which may be relayed, and one by limited ways alone. */
  async function signedInDirectly(ctx: RouterContext, byQr: 'not_by_qr' | 'mandates_not_by_qr') {
    const account = await centre.enter(ctx, { fresh: true })
    if (!account) return undefined
    if (isByQr(account.session.amr)) throw new Refusal(byQr)
    return byFreeLink(unlimited(account))
  }

  /**
   * A link that its person did not make is held for a day: a sign-in by upstreams alone changes nothing in the account
   * until then (facts/upstreams.md, case 3). @throws Refusal `link_held`
   */
  async function byFreeLink(account: AccountContext | undefined): Promise<AccountContext | undefined> {
    if (!account) return undefined
    const { amr, uid } = account.session
    const byLink = isByQr(amr) ? isUpstreamPhone((await sessions.origin(uid))?.methods ?? []) : isByUpstream(amr)
    if (byLink && (await upstreamLinks.heldUntil(account.person.id)) !== undefined) throw new Refusal('link_held')
    return account
  }

  /** @throws Refusal for a session by limited ways alone: it changes nothing in an account */
  function unlimited(account: AccountContext | undefined): AccountContext | undefined {
    const way = account && limitedWay(account.session.amr)
    if (way) throw new Refusal(notBy[way])
    return account
  }

  /** A session by QR code is as limited as the phone that vouched for it. @throws Refusal as `unlimited` */
  async function byUnlimitedPhone(account: AccountContext | undefined): Promise<AccountContext | undefined> {
    if (!account || !isByQr(account.session.amr)) return account
    const { methods = [] } = (await sessions.origin(account.session.uid)) ?? {}
    const way = limitedPhone(methods)
    if (way) throw new Refusal(notBy[way])
    return account
  }

  /** Refuses also an account on hold: another person may have recovered it. */
  const mayDecide = async (ctx: RouterContext, byQr: 'not_by_qr' | 'mandates_not_by_qr') =>
    byBothFactors(ctx, await notHeld(ctx, await signedInDirectly(ctx, byQr)))

  /**
   * Where one factor is too little for a person (YIDENG_TWO_FACTORS), it adds only the first other one: a thief of the password
   * would add their own. A person with a factor signs in with it.
   */
  async function byBothFactors(ctx: RouterContext, account: AccountContext | undefined) {
    if (!account || account.person.identityLevel < 3 || !isOneFactor(account.session.amr)) return account
    const { id } = account.person
    const lacks = (await twoFactors.needed(id)) && (await twoFactors.has(id))
    return lacks ? centre.enter(ctx, { fresh: true, level: 3 }) : account
  }

  async function notHeld(ctx: RouterContext, account: AccountContext | undefined) {
    if (!account) return undefined
    const { person, session } = account
    if (!isHeld(person, clock()) || session.amr.includes('user')) return account
    await centre.show(ctx, account, 'account/held', { until: new Date(person.heldUntil ?? 0).toISOString() }, 403)
    return undefined
  }

  /** Sign-ins are stored to the second. */
  const isAfter = ({ session }: AccountContext, since: number) => session.signedInAt >= Math.floor(since / 1000)

  const centre: AccountHost = {
    signedIn,

    async enter(ctx, { fresh = false, since, level = 2 } = {}) {
      const account = await signedIn(ctx)
      const enough =
        account &&
        (!fresh || isFresh(account)) &&
        (since === undefined || isAfter(account, since)) &&
        account.session.level >= level
      if (enough) return account
      if (!account) await removeIfEnded(ctx)
      const maxAge = since === undefined ? freshSeconds : 0
      const again = fresh || since !== undefined ? { maxAge } : {}
      redirectTo(ctx, signInAddress(issuer, requestOf(ctx).returnTo, { ...again, level }))
      return undefined
    },

    mayChangeAuthenticators: (ctx) => mayDecide(ctx, 'not_by_qr'),
    mayReduce: async (ctx) =>
      notHeld(ctx, await byFreeLink(await byUnlimitedPhone(unlimited(await centre.enter(ctx))))),
    mayProtect: (ctx) => signedInDirectly(ctx, 'not_by_qr'),
    mayGrantMandates: (ctx) => mayDecide(ctx, 'mandates_not_by_qr'),

    async show(ctx, entered, view, data, status) {
      const { person, session } = entered
      const { signals } = requestOf(ctx)
      if (signals.length === 0 && byPasskey(session.amr) && isFresh(entered))
        signals.push(await acceptedPasskeys(person.id))
      const account = {
        name: maskName(persons.open(person, 'name')),
        unread: await inbox.unread(person.id),
        offers: (await representations.offersTo(person)).length,
        closesAt: person.closesAt ?? 0,
        menu: menuAt(menuPages, ctx.path),
      }
      showPage(ctx, view, { ...data, account, csrf: requestOf(ctx).csrf() }, status)
    },
  }
  return centre
}
