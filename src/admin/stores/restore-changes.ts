import { z } from 'zod'
import { anchorOf, pagesAfter, type Anchor, type Entry } from '../../audit/chain.ts'
import { CopyRefused } from '../../storage/copy.ts'
import type { Database } from '../../storage/database.ts'

/** Changes after a backup that a restore would undo: ids by their last state. */
export interface ChangesSince {
  entries: number
  /** Milliseconds since 1970 UTC; of the newest entry. */
  until: number
  /** Accounts that were locked, superseded or closed, and not unlocked after that. */
  locked: Set<string>
  closed: Set<string>
  /** Administrators that were revoked, or got another role or region. */
  administrators: Set<string>
  mandates: Set<string>
  organisations: Set<string>
  /** Portals that were suspended or deleted. */
  clients: Set<string>
  /** Accounts whose older password, passkey or sign-in method is valid again. */
  credentials: Set<string>
  /** Portals whose older secret is valid again. */
  secrets: Set<string>
}

export const noChanges = (): ChangesSince => ({
  entries: 0,
  until: 0,
  locked: new Set(),
  closed: new Set(),
  administrators: new Set(),
  mandates: new Set(),
  organisations: new Set(),
  clients: new Set(),
  credentials: new Set(),
  secrets: new Set(),
})

const detailsOf = z.looseObject({ mandate: z.string().optional(), principal: z.string().optional() })

type Id = (entry: Entry, details: z.infer<typeof detailsOf>) => string | null | undefined
const person: Id = ({ person_id }) => person_id
const portal: Id = ({ client_id }) => client_id
const principal: Id = (_entry, details) => details.principal
const mandate: Id = (_entry, details) => details.mandate

type Subjects = keyof Omit<ChangesSince, 'entries' | 'until'>

/** The effect of each event on the sets. Other events change nothing that a restore would undo. */
const effects: ReadonlyMap<string, readonly [Subjects, Id, 'add' | 'delete'][]> = new Map([
  ['person.locked', [['locked', person, 'add']]],
  ['person.superseded', [['locked', person, 'add']]],
  ['person.unlocked', [['locked', person, 'delete']]],
  [
    'person.closed',
    [
      ['locked', person, 'add'],
      ['closed', person, 'add'],
    ],
  ],
  ['administrator.revoked', [['administrators', person, 'add']]],
  ['administrator.granted', [['administrators', person, 'add']]],
  ['mandate.ended', [['mandates', mandate, 'add']]],
  ['mandate.declined', [['mandates', mandate, 'add']]],
  ['organisation.suspended', [['organisations', principal, 'add']]],
  ['organisation.resumed', [['organisations', principal, 'delete']]],
  ['client.suspended', [['clients', portal, 'add']]],
  ['client.deleted', [['clients', portal, 'add']]],
  ['client.resumed', [['clients', portal, 'delete']]],
  ['client.secret-rotated', [['secrets', portal, 'add']]],
  ['password.changed', [['credentials', person, 'add']]],
  ['person.recovered', [['credentials', person, 'add']]],
  ['authenticator.removed', [['credentials', person, 'add']]],
  ['method.locked', [['credentials', person, 'add']]],
])

/** Applies an entry to the changes. Entries come in the order of their numbers. */
export function note(changes: ChangesSince, entry: Entry): void {
  changes.entries += 1
  changes.until = Math.max(changes.until, entry.at)
  const details = detailsOf.safeParse(JSON.parse(entry.details)).data ?? {}
  for (const [subjects, idOf, act] of effects.get(entry.event) ?? []) {
    const id = idOf(entry, details)
    if (id) changes[subjects][act](id)
  }
}

/** The newest entry of a store and its time; the end of the archives where the store has no entries. */
export async function headOf(database: Database): Promise<Anchor & { at: number }> {
  const newest = await database
    .selectFrom('audit_events')
    .select(['sequence', 'hash', 'at'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  return newest ?? { ...(await anchorOf(database)), at: 0 }
}

/**
 * Reads the changes of a store that was used after the backup.
 * @throws CopyRefused where it is not a later state of the same store
 */
export async function changesIn(later: Database, head: Anchor, changes: ChangesSince): Promise<void> {
  const same = await later
    .selectFrom('audit_events')
    .select('hash')
    .where('sequence', '=', head.sequence)
    .executeTakeFirst()
  const archived = await later
    .selectFrom('audit_archives')
    .select('last_sequence')
    .where('last_sequence', '>=', head.sequence)
    .limit(1)
    .executeTakeFirst()
  if (head.sequence > 0 && same?.hash !== head.hash && !archived)
    throw new CopyRefused('the store to replace is not a later state of the backup: leave out --replaces')
  for await (const page of pagesAfter(later, head.sequence)) for (const entry of page) note(changes, entry)
}
