import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import { dayMs } from '../../config/time.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import { ownTables } from '../closing/erase.ts'
import type { EndSignIns } from '../sign-in-endings.ts'
import { changeState, findBatch, ImportRefused } from './batches.ts'

/** After that, an import stays. */
const undoDays = 30
const linksAtOnce = 500

export interface UndoDeps {
  database: Database
  audit: AuditLog
  endSignIns: EndSignIns
  publishChanged(ids: readonly string[]): void
  clock: Clock
}

export interface Undone {
  /** Accounts that the import opened, and that are removed with their links. */
  removed: number
  /** Links to accounts that existed before. One that its person has made their own since stays. */
  unlinked: number
  /** Accounts that the import opened and that were used since: they stay, with their links. */
  kept: number
}

/**
 * Undoes an import within 30 days of its end; an interrupted one at any time. It may be interrupted and repeated.
 * @returns undefined where there is no such batch
 * @throws ImportRefused after the 30 days
 */
export async function undoImport(
  deps: UndoDeps,
  batch: string,
  how: { actor: string; progress(done: number, total: number): void },
): Promise<Undone | undefined> {
  const { database, clock } = deps
  const found = await findBatch(database, batch)
  if (!found) return undefined
  if (found.endedAt !== null && found.state === 'finished' && clock() > found.endedAt + undoDays * dayMs)
    throw new ImportRefused(`it ended more than ${undoDays} days ago`)
  for (const from of ['running', 'finished'] as const) await changeState(database, batch, { from, to: 'undoing' })
  const undone: Undone = { removed: 0, unlinked: 0, kept: 0 }
  const total = await countLinks(database, batch)
  let seen = 0
  for (let after: string | undefined = ''; after !== undefined;) {
    const last: string = after
    const links = await linksAfter(database, batch, last)
    if (links.length > 0)
      add(undone, await undoSome(deps, { batch, upstream: found.upstream, actor: how.actor }, links))
    seen += links.length
    how.progress(seen, total)
    after = links.length < linksAtOnce ? undefined : links.at(-1)?.subject_index
  }
  // a refusal stays: the person does not want this account
  await database.deleteFrom('upstream_offers').where('batch', '=', batch).where('state', '<>', 'refused').execute()
  await changeState(database, batch, { from: 'undoing', to: 'undone', endedAt: clock() })
  return undone
}

function add(sum: Undone, more: Undone): void {
  for (const name of ['removed', 'unlinked', 'kept'] as const) sum[name] += more[name]
}

const countLinks = async (within: Database, batch: string) =>
  (
    await within
      .selectFrom('upstream_links')
      .select(({ fn }) => fn.countAll<number>().as('many'))
      .where('batch', '=', batch)
      .where('way', '=', 'import')
      .executeTakeFirstOrThrow()
  ).many

const linksAfter = (within: Database, batch: string, after: string) =>
  within
    .selectFrom('upstream_links')
    .select(['upstream', 'subject_index', 'person_id', 'opened', 'last_used_at'])
    .where('batch', '=', batch)
    .where('way', '=', 'import')
    .where('subject_index', '>', after)
    .orderBy('subject_index')
    .limit(linksAtOnce)
    .execute()

type Link = Awaited<ReturnType<typeof linksAfter>>[number]

async function undoSome(
  deps: UndoDeps,
  { batch, upstream, actor }: { batch: string; upstream: string; actor: string },
  links: readonly Link[],
): Promise<Undone> {
  const changed: string[] = []
  const result = await deps.database.transaction().execute(async (transaction) => {
    const opened = links.filter((link) => link.opened === 1).map((link) => link.person_id)
    const used = await usedAccounts(transaction, opened, links)
    const unused = opened.filter((id) => !used.has(id))
    const own = links.filter((link) => link.opened !== 1)
    for (const link of own)
      if (await unlink(deps, transaction, link, { batch, upstream, actor })) changed.push(link.person_id)
    await removeAccounts(transaction, unused)
    const undone = { removed: unused.length, unlinked: changed.length, kept: opened.length - unused.length }
    await deps.audit.append(transaction, {
      event: 'person.import-undone',
      actor,
      details: { upstream, batch, ...undone },
    })
    return undone
  })
  deps.publishChanged(changed)
  return result
}

/** Accounts with an act in the audit log beside refused sign-ins, which a stranger can cause; with another link, or a part in another record. */
async function usedAccounts(
  transaction: DatabaseTransaction,
  ids: readonly string[],
  links: readonly Link[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const acts = await transaction
    .selectFrom('audit_events')
    .select('person_id')
    .distinct()
    .where('person_id', 'in', ids)
    .where('event', 'not in', ['login.refused', 'recovery.refused'])
    .execute()
  const others = await transaction
    .selectFrom('upstream_links')
    .select(['person_id', 'subject_index'])
    .where('person_id', 'in', ids)
    .execute()
  const named = await Promise.all([
    transaction.selectFrom('mandates').select('person_id').where('person_id', 'in', ids).execute(),
    transaction.selectFrom('legal_persons').select('owner_id').where('owner_id', 'in', ids).execute(),
    transaction.selectFrom('number_claims').select('holder_id').where('holder_id', 'in', ids).execute(),
  ])
  const ofBatch = new Set(links.map((link) => link.subject_index))
  return new Set([
    ...acts.flatMap((row) => row.person_id ?? []),
    ...named.flat().flatMap((row) => Object.values(row).filter((id) => id !== null)),
    ...others.filter((row) => !ofBatch.has(row.subject_index)).map((row) => row.person_id),
    ...links.filter((link) => link.last_used_at !== null).map((link) => link.person_id),
  ])
}

async function removeAccounts(transaction: DatabaseTransaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  for (const table of ownTables) await transaction.deleteFrom(table).where('person_id', 'in', ids).execute()
  await transaction.deleteFrom('natural_persons').where('id', 'in', ids).execute()
}

/** A sign-in that began with the link ends with it. False where it was ended, moved or made again since it was read. */
async function unlink(
  { audit, endSignIns }: UndoDeps,
  transaction: DatabaseTransaction,
  link: Link,
  { batch, upstream, actor }: { batch: string; upstream: string; actor: string },
): Promise<boolean> {
  const gone = await transaction
    .deleteFrom('upstream_links')
    .where('upstream', '=', link.upstream)
    .where('subject_index', '=', link.subject_index)
    .where('person_id', '=', link.person_id)
    .where('batch', '=', batch)
    .where('way', '=', 'import')
    .returning('last_used_at')
    .executeTakeFirst()
  if (!gone) return false
  if (gone.last_used_at !== null) await endSignIns(transaction, link.person_id, { but: [] })
  await audit.append(transaction, {
    event: 'upstream.unlinked',
    actor,
    personId: link.person_id,
    details: { upstream, batch },
  })
  return true
}
