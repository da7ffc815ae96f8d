import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { RowGuard } from '../../keys/row-guard.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import type { Tables } from '../../storage/schema.ts'
import type { PrincipalKind } from './matters.ts'
import type { Mandate } from './mandate-rules.ts'

export type MandateRow = Selectable<Tables['mandates']>

const names = z.array(z.string())

type MandateColumns = Omit<
  MandateRow,
  'invitee_key' | 'invitee_name' | 'code_key' | 'code_tries' | 'offer_ends_at' | 'created_at' | 'updated_at' | 'mac'
>

export function fromRow(row: MandateColumns): Mandate {
  return {
    id: row.id,
    principalId: row.principal_id,
    personId: row.person_id,
    role: row.role,
    matters: names.parse(JSON.parse(row.matters)),
    notBefore: row.not_before,
    expiresAt: row.expires_at,
    grantedBy: row.granted_by,
    parentId: row.parent_id,
    state: row.state,
  }
}

/** All mandates of a principal that have not ended, oldest first; without those that another program changed (row-guard.ts). */
export async function readMandates(guard: RowGuard, within: Database, principalId: string): Promise<MandateRow[]> {
  const rows = await within
    .selectFrom('mandates')
    .selectAll()
    .where('principal_id', '=', principalId)
    .where('state', '!=', 'ended')
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.filter((row) => guard.mayUse('mandates', row))
}

/** A decision was made on a version of the principal that another transaction has replaced: read again and decide again. */
export class Outdated extends Error {}

/** @throws Outdated when another transaction changed the principal or its mandates after `version` was read */
export async function advanceVersion(
  transaction: DatabaseTransaction,
  principalId: string,
  version: number,
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable('principals')
    .set({ version: version + 1 })
    .where('id', '=', principalId)
    .where('version', '=', version)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new Outdated()
}

/** As `advanceVersion`, from the version read in this transaction. */
export async function advanceCurrentVersion(
  transaction: DatabaseTransaction,
  principalId: string,
  kind: PrincipalKind,
): Promise<void> {
  await advanceVersion(transaction, principalId, await versionOf(transaction, principalId, kind))
}

/** The version of a principal. Adds the principal where it has none: a natural person gets one with their first mandate. */
export async function versionOf(within: Database, id: string, kind: PrincipalKind): Promise<number> {
  const find = () => within.selectFrom('principals').select('version').where('id', '=', id).executeTakeFirst()
  const known = await find()
  if (known) return known.version
  await within
    .insertInto('principals')
    .values({ id, kind, version: 0 })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
  return (await find())?.version ?? 0
}

/** What the rules do not know of an offer. */
export type OfferColumns = Pick<MandateRow, 'invitee_key' | 'invitee_name' | 'code_key' | 'offer_ends_at'>

const noInvitee = { invitee_key: null, invitee_name: null, code_key: null }
const noOffer: OfferColumns = { ...noInvitee, offer_ends_at: 0 }

/**
 * Writes a mandate with its seal. Erases the invitee when the offer is over: name and contact are personal data.
 * @throws Outdated for a mandate that another program changed
 */
export async function writeMandate(
  guard: RowGuard,
  transaction: DatabaseTransaction,
  mandate: Mandate,
  now: number,
  offer?: OfferColumns,
): Promise<void> {
  const { id } = mandate
  const before = await transaction.selectFrom('mandates').selectAll().where('id', '=', id).executeTakeFirst()
  if (before && !guard.mayUse('mandates', before)) throw new Outdated()
  const { invitee_key, invitee_name, code_key, offer_ends_at } = { ...(before ?? noOffer), ...offer }
  const row = {
    id,
    principal_id: mandate.principalId,
    person_id: mandate.personId,
    role: mandate.role,
    matters: JSON.stringify(mandate.matters),
    not_before: mandate.notBefore,
    expires_at: mandate.expiresAt,
    granted_by: mandate.grantedBy,
    parent_id: mandate.parentId,
    state: mandate.state,
    ...(mandate.state === 'offered' ? { invitee_key, invitee_name, code_key } : noInvitee),
    offer_ends_at,
    created_at: before?.created_at ?? now,
    updated_at: now,
  }
  const sealed = { ...row, mac: guard.macOf('mandates', row) }
  if (before) await transaction.updateTable('mandates').set(sealed).where('id', '=', id).execute()
  else
    await transaction
      .insertInto('mandates')
      .values({ ...sealed, code_tries: 0 })
      .execute()
}

/** A row of the history of a principal. */
export interface NewHistoryEntry {
  principalId: string
  mandateId?: string | undefined
  event: string
  actor: string
  personId?: string | undefined
  /** The canonical text that was signed. */
  text?: string | undefined
  /** A passkey's assertion over `text`, as JSON. */
  signature?: string | undefined
}

export async function appendHistory(
  transaction: DatabaseTransaction,
  entry: NewHistoryEntry,
  at: number,
): Promise<void> {
  const { principalId, mandateId, event, actor, personId, text, signature } = entry
  await transaction
    .insertInto('mandate_history')
    .values({
      principal_id: principalId,
      mandate_id: mandateId ?? null,
      at,
      event,
      actor,
      person_id: personId ?? null,
      text: text ?? null,
      signature: signature ?? null,
    })
    .execute()
}

/** Portals check their grants for this principal at `dueAt`, in ms since 1970 UTC (src/jobs/representation-endings.ts). */
export async function scheduleGrantCheck(
  transaction: DatabaseTransaction,
  principalId: string,
  dueAt: number,
): Promise<void> {
  await transaction.insertInto('representation_endings').values({ principal_id: principalId, due_at: dueAt }).execute()
}
