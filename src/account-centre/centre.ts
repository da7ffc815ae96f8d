import { isHeld, type NaturalPersons } from '../accounts/natural-persons.ts'
import { isFaceAlone, signInCounts } from '../assurance/levels.ts'
import type { Inbox } from '../accounts/notices.ts'
import { maskName } from '../accounts/identifiers/masking.ts'
import type { Clock } from '../config/clock.ts'
import type { AccountHost, AccountVisit, RouterContext } from '../login/method.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { goTo } from '../pages/going.ts'
import { showPage, visitOf } from '../pages/visit.ts'
import { Refusal } from '../refusal/refusal.ts'
import { signInAddress } from './own-client.ts'

export interface CentreParts {
  issuer: string
  /** The cookie oidc-provider keeps the session in. */
  sessionCookie: string
  sessions: Sessions
  persons: NaturalPersons
  inbox: Inbox
  /** Seconds since the sign-in within which sensitive pages may be used. */
  freshSeconds: number
  clock: Clock
}

/** The frame around every page of the account centre: who is here, recently enough, and what they may do. */
export function createCentre(parts: CentreParts): AccountHost {
  const { issuer, sessionCookie, sessions, persons, inbox, freshSeconds, clock } = parts

  async function signedIn(ctx: RouterContext): Promise<AccountVisit | undefined> {
    const cookie = ctx.cookies.get(sessionCookie, { signed: false })
    const session = cookie ? await sessions.ofCookie(cookie) : undefined
    const person = session && (await persons.find(session.personId))
    if (!session || person?.status !== 'active') return undefined
    const { uid: sessionUid, signedInAt: at, level, amr } = session
    const signIn = { at, sessionUid, level, amr }
    const counts = signInCounts({ signIn, endings: person.endings, held: isHeld(person, clock()) })
    return counts ? { session, person } : undefined
  }

  const isFresh = ({ session }: AccountVisit) => clock() / 1000 - session.signedInAt <= freshSeconds

  /** What nobody may do by a relayed QR code, nor by a face alone at a kiosk. */
  async function signedInWhole(ctx: RouterContext, byQr: 'not_by_qr' | 'mandates_not_by_qr') {
    const visit = await centre.visit(ctx, { fresh: true })
    if (!visit) return undefined
    const { amr } = visit.session
    if (amr.includes('qr')) throw new Refusal(byQr)
    if (isFaceAlone(amr)) throw new Refusal('not_by_face')
    return visit
  }

  /** Nor right after a recovery that may not have been theirs. */
  async function mayDecide(ctx: RouterContext, byQr: 'not_by_qr' | 'mandates_not_by_qr') {
    const visit = await signedInWhole(ctx, byQr)
    if (!visit) return undefined
    const { person, session } = visit
    if (!isHeld(person, clock()) || session.amr.includes('user')) return visit
    await centre.show(ctx, visit, 'account/held', { until: new Date(person.heldUntil ?? 0).toISOString() }, 403)
    return undefined
  }

  /** Sign-ins are kept to the second. */
  const isAfter = ({ session }: AccountVisit, since: number) => session.signedInAt >= Math.floor(since / 1000)

  const centre: AccountHost = {
    signedIn,

    async visit(ctx, { fresh = false, since, level = 2 } = {}) {
      const visit = await signedIn(ctx)
      const enough =
        visit &&
        (!fresh || isFresh(visit)) &&
        (since === undefined || isAfter(visit, since)) &&
        visit.session.level >= level
      if (enough) return visit
      const maxAge = since === undefined ? freshSeconds : 0
      const again = fresh || since !== undefined ? { maxAge } : {}
      goTo(ctx, signInAddress(issuer, visitOf(ctx).back, { ...again, level }))
      return undefined
    },

    mayChangeAuthenticators: (ctx) => mayDecide(ctx, 'not_by_qr'),
    mayProtect: (ctx) => signedInWhole(ctx, 'not_by_qr'),
    mayGrantMandates: (ctx) => mayDecide(ctx, 'mandates_not_by_qr'),

    async show(ctx, { person }, view, data, status) {
      const visit = visitOf(ctx)
      const account = {
        name: maskName(persons.open(person, 'name')),
        unread: await inbox.unread(person.id),
        closesAt: person.closesAt ?? 0,
      }
      showPage(ctx, view, { ...data, account, csrf: visit.csrf(), here: ctx.path }, status)
    },
  }
  return centre
}
