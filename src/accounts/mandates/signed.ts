import type { Selectable } from 'kysely'
import type { Database } from '../../storage/database.ts'
import type { Tables } from '../../storage/schema.ts'
import { readCanonical } from './canonical.ts'
import { fromRow, type MandateRow } from './store.ts'

export type HistoryRow = Selectable<Tables['mandate_history']>

/** An act that was signed: its row in the history, with text and signature. */
export type SignedRow = HistoryRow & { mandate_id: string; person_id: string; text: string; signature: string }

const isSigned = (row: HistoryRow): row is SignedRow =>
  row.mandate_id !== null && row.person_id !== null && row.text !== null && row.signature !== null

/** Acts about a mandate that have a text to sign, oldest first, signed or not. */
export async function signableOf(database: Database, mandateId: string): Promise<HistoryRow[]> {
  return database
    .selectFrom('mandate_history')
    .selectAll()
    .where('mandate_id', '=', mandateId)
    .where('text', 'is not', null)
    .orderBy('id')
    .execute()
}

/** What a person signed about mandates, newest first; with `id` that one alone. */
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
 * What a signed text says otherwise than the rows it stands for: names of its lines, `text` for one that is none. A mandate that
 * was confirmed later has another giver since: `confirmedLater`.
 */
export function differences(
  row: HistoryRow,
  mandateRow: MandateRow | undefined,
  { confirmedLater }: { confirmedLater: boolean },
): string[] {
  const said = readCanonical(row.text ?? '')
  if (!said) return ['text']
  if (!mandateRow) return ['mandate']
  const mandate = fromRow(mandateRow)
  const invitee = mandateRow.invitee_key ?? said.to
  const to = said.act === 'offer' ? invitee : mandate.personId
  const signer = said.act === 'accept' ? said.to : said.givenBy
  const right: Record<string, boolean> = {
    act: said.act === row.event,
    mandate: said.mandate === row.mandate_id && said.mandate === mandate.id,
    principal: said.principal === row.principal_id && said.principal === mandate.principalId,
    person: signer === row.person_id,
    role: said.role === mandate.role,
    matters: said.matters.join(' ') === [...mandate.matters].sort().join(' '),
    from: said.from === mandate.notBefore,
    until: said.until === mandate.expiresAt,
    'given by': confirmedLater || said.givenBy === mandate.grantedBy,
    under: confirmedLater || said.under === mandate.parentId,
    to: said.to === to,
  }
  return Object.entries(right).flatMap(([name, same]) => (same ? [] : [name]))
}
