import { indexKeysInUse } from '../../keys/lookup-index.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'
import { standingLost } from '../account-standing.ts'
import type { IdentityDocument } from '../identifiers/documents.ts'
import { indexesOf, provenHolders } from '../indexes.ts'
import { openPersonalData, sealPersonalData, type PersonalData } from '../personal-fields.ts'
import {
  findPerson,
  matchesRegister,
  type Actor,
  type NaturalPerson,
  type NaturalPersonsDeps,
} from './natural-person.ts'

/** New values of a record, normalised as accounts store them. Values that are left out stay. */
export interface Correction {
  name?: string | undefined
  document?: IdentityDocument | undefined
  /** E.164. */
  phone?: string | undefined
}

/** The source of the new value: a clerk who saw the document, the person, or the population register. */
export type CorrectedBy = 'counter' | 'person' | 'register'

interface How {
  by: Actor
  source: CorrectedBy
  /** The register's answer must not show: as no match. */
  silent?: boolean
}

export type Corrected =
  | {
      ok: true
      person: NaturalPerson
      changed: readonly CorrectedPart[]
      /** The number before (E.164). */
      phoneBefore: string
    }
  | { ok: false; problem: 'gone' | 'unchanged' | 'not_matched' | 'document_taken' | 'changed_meanwhile' }

type CorrectedPart = keyof Correction

/**
 * Corrects name, document or phone of an account that is not closed.
 * Name and number of a proven account must match the register, else nothing changes; a register that does not answer
 * matches nothing. The level stays. Another number is proven by the clerk who saw the document (level 3), else by nothing (2):
 * a face, a phone and an earlier clerk proved the old one.
 * Another number or phone ends all sign-ins. The audit log gets the old and the new values sealed.
 */
export async function correctPerson(
  deps: NaturalPersonsDeps,
  id: string,
  correction: Correction,
  how: How,
): Promise<Corrected> {
  const person = await findPerson(deps.database, id)
  if (!person || person.status === 'closed') return { ok: false, problem: 'gone' }
  const change = changeOf(openPersonalData(deps.cipher, person.row), correction)
  if (change.changed.length === 0) return { ok: false, problem: 'unchanged' }
  const proven = person.identityLevel >= 3
  const isIdentity = change.changed.some((part) => part !== 'phone')
  // asked in silent mode too, so that the time of the answer does not differ
  const matched = proven && isIdentity ? (await matchesRegister(deps, change.after)) && how.silent !== true : true
  if (!matched) return { ok: false, problem: 'not_matched' }
  const principals: string[] = []
  const done = await deps.database.transaction().execute(async (transaction): Promise<Corrected> => {
    if (proven && change.changed.includes('document')) {
      const holders = await provenHolders(transaction, deps.lookup, change.after)
      if (holders.some((holder) => holder.id !== id)) return { ok: false, problem: 'document_taken' }
    }
    const written = await writeChange(deps, transaction, person, change, how)
    if (!written) return { ok: false, problem: 'changed_meanwhile' }
    principals.push(...written.principals)
    return { ok: true, person: written.person, changed: change.changed, phoneBefore: change.before.phone }
  })
  if (done.ok) deps.publish('person', id)
  for (const principal of principals) deps.publish('principal', principal)
  return done
}

export interface Change {
  before: PersonalData
  after: PersonalData
  changed: readonly CorrectedPart[]
}

export function changeOf(before: PersonalData, { name, document, phone }: Correction): Change {
  const after = {
    ...before,
    name: name ?? before.name,
    documentType: document?.type ?? before.documentType,
    documentNumber: document?.number ?? before.documentNumber,
    phone: phone ?? before.phone,
  }
  const parts: [CorrectedPart, boolean][] = [
    ['name', after.name !== before.name],
    ['document', after.documentNumber !== before.documentNumber || after.documentType !== before.documentType],
    ['phone', after.phone !== before.phone],
  ]
  return { before, after, changed: parts.filter(([, differs]) => differs).map(([part]) => part) }
}

/**
 * Writes a change with its audit entry and its notice, by compare-and-set on the sealed values that were read.
 * @returns undefined where another change came first; ids of principals to publish after the commit
 */
export async function writeChange(
  deps: NaturalPersonsDeps,
  transaction: DatabaseTransaction,
  person: NaturalPerson,
  { before, after, changed }: Change,
  { by, source }: How,
): Promise<{ person: NaturalPerson; principals: string[] } | undefined> {
  const { cipher, lookup, audit, notifier, endSignIns, phoneProofs, clock } = deps
  const { id, row } = person
  const [indexKey] = await indexKeysInUse(transaction, lookup)
  const renumbered = changed.includes('document')
  const seen = source === 'counter'
  const level = renumbered ? Math.min(person.identityLevel, seen ? 3 : 2) : person.identityLevel
  const now = clock()
  const proof = {
    proofed_at: level >= 3 ? now : null,
    face_proofed_at: null,
    possession: seen ? ('counter' as const) : null,
  }
  const { numUpdatedRows } = await transaction
    .updateTable('natural_persons')
    .set({
      ...sealPersonalData(cipher, id, after),
      ...indexesOf(lookup, indexKey, { id, ...after }),
      identity_level: level,
      ...(renumbered ? proof : {}),
      updated_at: now,
    })
    .where('id', '=', id)
    .where('status', '<>', 'closed')
    .where('identity_level', '=', row.identity_level)
    .where('name', '=', row.name)
    .where('document_number', '=', row.document_number)
    .where('phone', '=', row.phone)
    .where('username', '=', row.username)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return undefined
  if (changed.includes('phone')) await phoneProofs.giveUp(transaction, { personId: id, phone: before.phone })
  if (seen && changed.includes('phone'))
    await phoneProofs.record(transaction, { personId: id, phone: after.phone, how: 'clerk' }, by)
  const principals = renumbered ? await leaveOldNumber(deps, transaction, id) : []
  if (changed.some((part) => part !== 'name')) await endSignIns(transaction, id, { but: [] })
  const restricted = { ...by.restricted, ...oldAndNew(before, after, changed) }
  const details = { changed: [...changed], source, level }
  await audit.append(transaction, { event: 'person.corrected', ...by, personId: id, details, restricted })
  for (const part of changed) {
    const kind = `${part}-corrected` as const
    await notifier.notify({ personId: id, kind, details: { source }, restricted: by.restricted }, transaction)
  }
  const corrected = await findPerson(transaction, id)
  return corrected && { person: corrected, principals }
}

/** A verified face, a claim to the number and what depends on the account belong to the old number. */
async function leaveOldNumber(
  { notifier, clock }: NaturalPersonsDeps,
  transaction: DatabaseTransaction,
  id: string,
): Promise<string[]> {
  await transaction.deleteFrom('face_bindings').where('person_id', '=', id).execute()
  await transaction.deleteFrom('number_claims').where('claimant_id', '=', id).execute()
  return standingLost(transaction, notifier, id, clock())
}

/** Old and new values by name, for the sealed part of the audit entry. */
function oldAndNew(before: PersonalData, after: PersonalData, changed: readonly CorrectedPart[]) {
  const valuesOf = {
    name: (data: PersonalData) => data.name,
    document: (data: PersonalData) => `${data.documentType} ${data.documentNumber}`,
    phone: (data: PersonalData) => data.phone,
  }
  return Object.fromEntries(
    changed.flatMap((part) => [
      [`${part}_before`, valuesOf[part](before)],
      [`${part}_after`, valuesOf[part](after)],
    ]),
  )
}
