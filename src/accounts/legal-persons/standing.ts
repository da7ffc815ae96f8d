import { representativeKey } from '../../proofing/business-register.ts'
import { isInGoodStanding } from '../account-standing.ts'
import type { Principal } from '../mandates/mandate-rules.ts'
import * as store from '../mandates/store.ts'
import { findRow, fromRow, type LegalPerson, type LegalPersonRow, type LegalPersonsDeps } from './legal-person.ts'
import { removeRepresentative } from './remove-representative.ts'

/** Why no person can act for an organisation now. */
export type BlockReason = 'suspended' | 'unregistered' | 'unconfirmed' | 'representative_away' | 'unreachable'

/** An organisation as the rules of mandates need it, with the register's answer of this moment. */
export interface Standing {
  legalPerson: LegalPerson
  principal: Principal
  blockedBy: BlockReason | undefined
}

/** Asks the register whether the organisation can be acted for. Removes a representative whom the register no longer names. */
export async function standingOf(deps: LegalPersonsDeps, row: LegalPersonRow): Promise<Standing> {
  const answer = await deps.register.look(row.uscc)
  let current = row
  let blockedBy: BlockReason | undefined
  if (answer.outcome === 'unreachable') blockedBy = 'unreachable'
  else if (answer.outcome === 'not_found' || answer.status !== 'active') blockedBy = 'unregistered'
  else if (row.representative_key !== null && answer.representativeKey !== row.representative_key) {
    current = await removeReplaced(deps, row)
  }
  if (row.status !== 'active') blockedBy = 'suspended'
  else blockedBy ??= await representativeFault(deps, current)
  const { id, owner_id: ownerId } = current
  const principal = { id, kind: 'legal_person', ownerId, standing: blockedBy === undefined } as const
  const legalPerson = fromRow(deps.cipher, current)
  return {
    legalPerson: answer.outcome === 'found' ? { ...legalPerson, name: answer.name } : legalPerson,
    principal,
    blockedBy,
  }
}

/** Applies an import to the register: portals check their grants for each organisation that has left it. */
export async function registerChanged(deps: LegalPersonsDeps, usccs: readonly string[]): Promise<void> {
  const { database, publish, clock } = deps
  if (usccs.length === 0) return
  const rows = await database.selectFrom('legal_persons').selectAll().where('uscc', 'in', usccs).execute()
  for (const row of rows) {
    const { blockedBy } = await standingOf(deps, row)
    if (blockedBy !== 'unregistered') continue
    await database.transaction().execute((transaction) => store.scheduleGrantCheck(transaction, row.id, clock()))
    publish('principal', row.id)
  }
}

/** By compare-and-set on the representative that was read. */
async function removeReplaced(deps: LegalPersonsDeps, row: LegalPersonRow): Promise<LegalPersonRow> {
  const current = await deps.database.transaction().execute(async (transaction) => {
    const again = await findRow(transaction, 'id', row.id)
    if (again?.representative_key === row.representative_key) await removeRepresentative(deps, transaction, again)
    return (await findRow(transaction, 'id', row.id)) ?? row
  })
  deps.publish('principal', row.id)
  return current
}

/** Authority ends with its source: the representative must still have this account, and the account must be in good standing. */
async function representativeFault(deps: LegalPersonsDeps, row: LegalPersonRow): Promise<BlockReason | undefined> {
  const { persons, blindIndex, clock } = deps
  const owner = row.owner_id === null ? undefined : await persons.find(row.owner_id)
  if (!owner || row.representative_key === null) return 'unconfirmed'
  const documentNumber = persons.open(owner, 'document_number')
  const document = { uscc: row.uscc, documentType: owner.row.document_type, documentNumber }
  if (representativeKey(blindIndex, document) !== row.representative_key) return 'unconfirmed'
  return isInGoodStanding(owner.row, clock()) ? undefined : 'representative_away'
}
