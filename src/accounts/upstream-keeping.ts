import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Actor } from './natural-persons.ts'
import type { Notifier } from './notices.ts'
import type { EndSignIns, OpenSession } from './sign-in-endings.ts'
import { areLastWays, type WaysIn } from './sign-in-kinds.ts'
import { linkId, type NewUpstreamLink, type UpstreamLink, type UpstreamLinks } from './upstream-links.ts'

export interface LinkKeepingDeps extends WaysIn {
  database: Database
  upstreamLinks: UpstreamLinks
  endSignIns: EndSignIns
  audit: AuditLog
  notifier: Notifier
  clock: Clock
}

const notices = {
  'sign-in': 'upstream-linked',
  number: 'upstream-linked-by-number',
  import: 'upstream-linked-by-number',
  merge: 'upstream-linked',
} as const

/** Records a new link to an account that existed before, and tells its person. */
export async function tellLinked(
  { audit, notifier }: Pick<LinkKeepingDeps, 'audit' | 'notifier'>,
  transaction: DatabaseTransaction,
  { upstream, personId, way, level, batch }: Pick<NewUpstreamLink, 'upstream' | 'personId' | 'way' | 'level' | 'batch'>,
  by: Actor,
): Promise<void> {
  const details = { upstream, way, level, ...(batch === undefined ? {} : { batch }) }
  await audit.append(transaction, { event: 'upstream.linked', ...by, personId, details })
  await notifier.notify({ personId, kind: notices[way], details: { upstream }, restricted: by.restricted }, transaction)
}

/**
 * Links an account of an upstream to a person, with its audit entry and notice. A link by number ends no session, but it is held and may
 * be undone (`UpstreamLinks.row`).
 * @returns false where the subject is linked already, or the person has refused a link by number
 */
export async function linkAccount(
  deps: Pick<LinkKeepingDeps, 'upstreamLinks' | 'audit' | 'notifier'>,
  transaction: DatabaseTransaction,
  link: NewUpstreamLink,
  by: Actor,
): Promise<boolean> {
  if (!(await deps.upstreamLinks.add(transaction, link))) return false
  await tellLinked(deps, transaction, link, by)
  return true
}

export interface LinkEnding {
  /** Sessions that go on. */
  stay: readonly OpenSession[]
  by: Actor
  /** An undo: only of a link that its person did not make, and only in its time. */
  undo: boolean
}

/**
 * Ends links of one person for good: they are never made by number again. All sign-ins end, except those of the sessions in `stay`.
 * Never the last way in.
 * @throws Refusal `last_way_in`, and `not_found` where one is gone, or can no longer be undone
 */
export async function endLinks(
  deps: LinkKeepingDeps,
  links: readonly [UpstreamLink, ...UpstreamLink[]],
  ending: LinkEnding,
): Promise<void> {
  const [{ personId }] = links
  await deps.database.transaction().execute(async (transaction) => {
    if (await areLastWays(deps, personId, transaction, links.map(linkId))) throw new Refusal('last_way_in')
    for (const link of links) await removeWithin(deps, transaction, link, ending)
    await deps.endSignIns(transaction, personId, { but: ending.stay })
  })
}

async function removeWithin(
  { upstreamLinks, audit, notifier, clock }: LinkKeepingDeps,
  transaction: DatabaseTransaction,
  link: UpstreamLink,
  { by, undo }: LinkEnding,
): Promise<void> {
  const { upstream, personId, way, undoUntil } = link
  if (undo && (undoUntil ?? 0) <= clock()) throw new Refusal('not_found', 'this link can no longer be undone')
  if (!(await upstreamLinks.remove(transaction, link))) throw new Refusal('not_found')
  await upstreamLinks.refuse(transaction, link)
  const details = { upstream, way, undo }
  await audit.append(transaction, { event: 'upstream.unlinked', ...by, personId, details })
  const notice = { personId, kind: 'upstream-unlinked', details: { upstream }, restricted: by.restricted } as const
  await notifier.notify(notice, transaction)
}

/**
 * Ends the pause of a link that its person has confirmed: it signs in again.
 * @throws Refusal `busy` where it was changed at the same time
 */
export async function releaseLink(
  { database, upstreamLinks, audit, notifier }: Omit<LinkKeepingDeps, keyof WaysIn>,
  link: UpstreamLink,
  by: Actor,
): Promise<void> {
  const { upstream, personId } = link
  await database.transaction().execute(async (transaction) => {
    if (!(await upstreamLinks.pause(transaction, link, null))) throw new Refusal('busy', 'the link was changed')
    await audit.append(transaction, { event: 'upstream.released', ...by, personId, details: { upstream } })
    const notice = { personId, kind: 'upstream-released', details: { upstream }, restricted: by.restricted } as const
    await notifier.notify(notice, transaction)
  })
}
