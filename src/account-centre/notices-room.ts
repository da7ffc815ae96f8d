import type { LegalPersons } from '../accounts/legal-persons.ts'
import { noticeKinds, type NoticeKind } from '../accounts/notices.ts'
import type { Inbox, Notice } from '../channels/senders/inbox.ts'
import type { Clock } from '../config/clock.ts'
import type { RegionOf } from '../config/networks.ts'
import type { AccountRouter } from '../login/account-router.ts'
import type { AccountHost } from '../login/method.ts'
import type { Language } from '../pages/languages.ts'
import { redirectTo, onePage, pageOf } from '../pages/redirect.ts'
import { requestOf } from '../pages/request-context.ts'
import { Refusal } from '../refusal/refusal.ts'
import { describePlace } from './describe-place.ts'
import { leads } from './notice-leads.ts'
import type { MethodSwitches } from './method-switches.ts'

export interface NoticesDeps {
  centre: AccountHost
  inbox: Inbox
  methodSwitches: MethodSwitches
  regionOf: RegionOf
  legalPersons: Pick<LegalPersons, 'find'>
  clock: Clock
}

const room = '/account/notices'
const shown = 20

/** The inbox: events that concern the account's safety, each with a link to the page that helps. */
export function noticesRoutes(router: AccountRouter, deps: NoticesDeps): void {
  const { centre, inbox } = deps

  router.get(room, 'sign-in', async (ctx, account) => {
    const page = pageOf(ctx)
    const { language } = requestOf(ctx)
    const found = await inbox.list(account.person.id, shown + 1, (page - 1) * shown)
    const { entries, more } = onePage(found, page, shown)
    const notices = (await Promise.all(entries.map((notice) => describe(deps, notice, language)))).flat()
    await centre.show(ctx, account, 'account/notices', {
      notices,
      until: entries[0]?.createdAt ?? 0,
      unread: entries.some(({ read }) => !read),
      page,
      more,
    })
  })

  router.post(`${room}/read`, { back: room, needs: 'sign-in' }, async (ctx, { person }) => {
    const until = requestOf(ctx).form['until'] ?? ''
    if (!/^\d{1,16}$/.test(until)) throw new Refusal('bad_request', 'no moment')
    await inbox.readUntil(person.id, Number(until))
    redirectTo(ctx, room)
  })
}

const isKind = (kind: string): kind is NoticeKind => (noticeKinds as readonly string[]).includes(kind)

/** One notice for the page; none for a kind that only a newer version of the server knows. */
async function describe(
  { methodSwitches, regionOf, legalPersons, clock }: Omit<NoticesDeps, 'centre' | 'inbox'>,
  { kind, details, restricted, createdAt, read }: Notice,
  language: Language,
) {
  if (!isKind(kind)) return []
  const { method = '', portal = '', organisations = '', mandates = '0' } = details
  // the link of a recovery that may still be stopped
  const stop = Number(details['until'] ?? 0) > clock() ? restricted['stop'] : undefined
  const found = await Promise.all(organisations.split(' ').map((id) => legalPersons.find(id)))
  return [
    {
      kind,
      method: methodSwitches.known(method),
      portal,
      lead: stop === undefined ? leads[kind] : `/recover/stop/${stop}`,
      stops: stop !== undefined,
      at: createdAt,
      read,
      organisations: found.flatMap((one) => (one ? [one.name] : [])),
      mandates: Number(mandates),
      ...describePlace(regionOf, restricted, language),
    },
  ]
}
