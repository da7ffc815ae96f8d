import type { Selectable } from 'kysely'
import type { Database } from '../../storage/database.ts'
import type { Tables } from '../../storage/schema.ts'
import { readCanonical } from './canonical.ts'
import { fromRow, type MandateRow } from './store.ts'

export type HistoryRow = Selectable<Tables['mandate_history']>

/** A signed act: its row in the history, with text and signature. */
export type SignedRow = HistoryRow & { mandate_id: string; person_id: string; text: string; signature: string }

const isSigned = (row: HistoryRow): row is SignedRow =>
  row.mandate_id !== null && row.person_id !== null && row.text !== null && row.signature !== null

/** Acts about a mandate that have a text, signed or not; oldest first. */
export async function signableOf(database: Database, mandateId: string): Promise<HistoryRow[]> {
  return database
    .selectFrom('mandate_history')
    .selectAll()
    .where('mandate_id', '=', mandateId)
    .where('text', 'is not', null)
    .orderBy('id')
    .execute()
}

/** Signed acts of a person, newest first; with `id` only this one. */
export async function signedBy(
  database: Database,
  personId: string,
  { limit, id }: { limit: number; id?: number },
): Promise<SignedRow[]> {
  const rows = await database
    .selectFrom('mandate_history')
    .selectAll()
    .where('person_id', '=', personId)
    .where('signature', 'is not', null)
    .$if(id !== undefined, (query) => query.where('id', '=', id ?? 0))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.filter(isSigned)
}

/**
 * Names of the lines in which a signed text and its rows differ; `text` where it cannot be parsed.
 * @param options.confirmedLater a later confirmation has changed the giver of the mandate
 */
export function differences(
  row: HistoryRow,
  mandateRow: MandateRow | undefined,
  { confirmedLater }: { confirmedLater: boolean },
): string[] {
  const signed = readCanonical(row.text ?? '')
  if (!signed) return ['text']
  if (!mandateRow) return ['mandate']
  const mandate = fromRow(mandateRow)
  const invitee = mandateRow.invitee_key ?? signed.to
  const to = signed.act === 'offer' ? invitee : mandate.personId
  const signer = signed.act === 'accept' ? signed.to : signed.givenBy
  const right: Record<string, boolean> = {
    act: signed.act === row.event,
    mandate: signed.mandate === row.mandate_id && signed.mandate === mandate.id,
    principal: signed.principal === row.principal_id && signed.principal === mandate.principalId,
    person: signer === row.person_id,
    role: signed.role === mandate.role,
    matters: signed.matters.join(' ') === [...mandate.matters].sort().join(' '),
    from: signed.from === mandate.notBefore,
    until: signed.until === mandate.expiresAt,
    'given by': confirmedLater || signed.givenBy === mandate.grantedBy,
    under: confirmedLater || signed.under === mandate.parentId,
    to: signed.to === to,
  }
  return Object.entries(right).flatMap(([name, same]) => (same ? [] : [name]))
}
