import { z } from 'zod'
import { archivedEnd } from '../../audit/archived-end.ts'
import { chainOf, startOf, type Anchor, type Entry } from '../../audit/chain.ts'
import { entriesInOrder } from '../../audit/reading.ts'
import { dayMs } from '../../config/time.ts'
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

/** Entries after a backup, in any order. */
export interface LaterEntries {
  add(entry: Entry): void
  /** The changes that they made, in the order of their times. */
  changes(): ChangesSince
}

export function createLaterEntries(): LaterEntries {
  const changes = noChanges()
  const found: Entry[] = []
  return {
    add(entry) {
      changes.entries += 1
      changes.until = Math.max(changes.until, entry.at)
      if (effects.has(entry.event)) found.push(entry)
    },
    changes() {
      for (const entry of found.splice(0).sort((a, b) => a.at - b.at || a.sequence - b.sequence)) apply(changes, entry)
      return changes
    },
  }
}

function apply(changes: ChangesSince, entry: Entry): void {
  const details = detailsOf.safeParse(JSON.parse(entry.details)).data ?? {}
  for (const [subjects, idOf, act] of effects.get(entry.event) ?? []) {
    const id = idOf(entry, details)
    if (id) changes[subjects][act](id)
  }
}

/** Where the audit log of a store ends: the last entry of each chain, and the time of the newest entry. */
export interface Ends {
  chains: ReadonlyMap<number, Anchor>
  at: number
}

export async function endsOf(database: Database): Promise<Ends> {
  const rows = await database.selectFrom('audit_chains').select(['id', 'sequence', 'hash']).execute()
  const { at } = await database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.max('at').as('at'))
    .executeTakeFirstOrThrow()
  return { chains: new Map(rows.map(({ id, sequence, hash }) => [id, { sequence, hash }])), at: at ?? 0 }
}

/** Whether an entry came after these ends; so did every entry of a chain that they do not have. */
export const isAfter = ({ chains }: Ends, sequence: number): boolean =>
  sequence > (chains.get(chainOf(sequence))?.sequence ?? 0)

/** The clocks of machines differ by less. */
const skewMs = dayMs

/**
 * Reads the entries of a store that was used after the backup.
 * @throws CopyRefused where it is not a later state of the same store
 */
export async function laterIn(later: Database, ends: Ends, entries: LaterEntries): Promise<void> {
  const { anchors, tips } = await archivedEnd(later)
  for (const [chain, { sequence, hash }] of ends.chains) {
    if (sequence === startOf(chain).sequence || sequence <= (anchors.get(chain)?.sequence ?? 0)) continue
    const same = await later
      .selectFrom('audit_events')
      .select('hash')
      .where('sequence', '=', sequence)
      .executeTakeFirst()
    // a chain that ended in an archive has no end in the store
    if (same ? same.hash !== hash : !tips || anchors.has(chain))
      throw new CopyRefused('the store to replace is not a later state of the backup: leave out --replaces')
  }
  for await (const entry of entriesInOrder(later, { since: Math.max(0, ends.at - skewMs) }))
    if (isAfter(ends, entry.sequence)) entries.add(entry)
}
