import type { LegalPersons } from '../accounts/legal-persons.ts'
import { noticeKinds, type Inbox, type Notice, type NoticeKind } from '../accounts/notices.ts'
import type { RegionOf } from '../config/networks.ts'
import type { AccountHost, Router } from '../login/method.ts'
import type { Language } from '../pages/languages.ts'
import { redirectTo, onePage, pageOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { describePlace } from './places.ts'
import type { WaysIn } from './ways-in.ts'

export interface NoticesDeps {
  inbox: Inbox
  waysIn: WaysIn
  regionOf: RegionOf
  legalPersons: Pick<LegalPersons, 'find'>
}

const room = '/account/notices'
const shown = 20

/** Where one can do something about a notice. @internal */
export const leads: Record<NoticeKind, string> = {
  'new-device': '/account/history?only=sign-ins',
  'authenticator-added': '/account/ways',
  'authenticator-removed': '/account/ways',
  'authenticator-cloned': '/account/passkey',
  'authenticator-held': '/account/passkey',
  'authenticator-released': '/account/passkey',
  'password-changed': '/account/ways',
  'recovery-codes-made': '/account/ways',
  'account-recovered': '/account/history?only=sign-ins',
  'method-locked': '/account/ways',
  'method-unlocked': '/account/ways',
  'signed-in-by-qr': '/account/qr',
  'account-closing': '/account/closing',
  'account-kept': '/account/closing',
  'face-verified': '/account/face',
  'face-blocked': '/account/face',
  'face-withdrawn': '/account/face',
  'authenticator-bound': '/account/passkey',
  'number-lost': '/account/history',
  'number-won': '/account/history',
  'mandate-accepted': '/account/organisations',
  'mandate-ended': '/account/organisations',
  'mandate-suspended': '/account/organisations',
  'mandate-rests': '/account/organisations',
  'opened-in-your-name': '/account/organisations',
  'number-claimed': '/account',
  'number-claim-waits': '/account',
  'number-claim-ended': '/account',
}

const isKind = (kind: string): kind is NoticeKind => (noticeKinds as readonly string[]).includes(kind)

/** The inbox: what happened to my account's safety, and what I can do about it. */
export function noticesRoutes(
  router: Router,
  centre: AccountHost,
  { inbox, waysIn, regionOf, legalPersons }: NoticesDeps,
): void {
  const namesOf = async (ids: string) =>
    (await Promise.all(ids.split(' ').map((id) => legalPersons.find(id)))).flatMap((one) => (one ? [one.name] : []))

  async function describe({ kind, details, restricted, createdAt, read }: Notice, language: Language) {
    // written by a newer server that was taken back
    if (!isKind(kind)) return []
    const { method = '', portal = '', organisations = '', mandates = '0' } = details
    return [
      {
        kind,
        method: waysIn.known(method),
        portal,
        lead: leads[kind],
        at: createdAt,
        read,
        organisations: await namesOf(organisations),
        mandates: Number(mandates),
        ...describePlace(regionOf, restricted, language),
      },
    ]
  }

  router.get(room, async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const page = pageOf(ctx)
    const { language } = requestOf(ctx)
    const found = await inbox.list(account.person.id, shown + 1, (page - 1) * shown)
    const { entries, more } = onePage(found, page, shown)
    const notices = (await Promise.all(entries.map((notice) => describe(notice, language)))).flat()
    await centre.show(ctx, account, 'account/notices', {
      notices,
      until: entries[0]?.createdAt ?? 0,
      unread: entries.some(({ read }) => !read),
      page,
      more,
    })
  })

  router.post(`${room}/read`, async (ctx) => {
    requestOf(ctx).returnTo = room
    const account = await centre.enter(ctx)
    if (!account) return
    const until = requestOf(ctx).form['until'] ?? ''
    if (!/^\d{1,16}$/.test(until)) throw new Refusal('bad_request', 'no moment')
    await inbox.readUntil(account.person.id, Number(until))
    redirectTo(ctx, room)
  })
}
