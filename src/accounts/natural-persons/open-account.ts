import { randomUUID } from 'node:crypto'
import { indexKeysInUse, type LookupIndex } from '../../keys/lookup-index.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'
import type { Possession } from '../../storage/schema.ts'
import type { NewAuthenticator } from '../authenticators.ts'
import type { IdentityDocument } from '../identifiers/documents.ts'
import { indexesOf, provenHolders } from '../indexes.ts'
import { sealPersonalData, type PersonalData } from '../personal-fields.ts'
import type { ProvenHow } from '../phone-proofs.ts'
import { orUndo, Undo } from '../undo.ts'
import { fromRow, matchesRegister, type Actor, type NaturalPerson, type NaturalPersonsDeps } from './natural-person.ts'

/** A new account; all values are normalised, and the username may be empty. */
export interface Opening extends Omit<PersonalData, 'documentType' | 'documentNumber'> {
  document: IdentityDocument
  /** What the person signs in with. */
  authenticators: readonly NewAuthenticator[]
  /** Version of the privacy notice that was agreed to; none when an administrator opens the account. */
  noticeVersion?: string
  /** The guardian of a child agreed (PIPL article 31). */
  guardian?: boolean
  /** Set when an administrator asserts the identity, with or without the register. */
  vouchedLevel?: 2 | 3
  /** What the person has shown in this registration, to be the one on the document. */
  possession?: Possession | undefined
  /** How the person has proven the phone, if they have. */
  phoneProven?: ProvenHow | undefined
  /** Stores more in the same transaction; false where it may not be stored, and then no account is opened. */
  alongside?: (transaction: DatabaseTransaction, personId: string) => Promise<boolean>
  /** The register's answer must not show: the account is opened as if there were no match. */
  silent?: boolean
}

export type Opened =
  | { ok: true; person: NaturalPerson }
  | { ok: false; problem: 'username_taken' | 'document_taken' | 'alongside_refused' }

/**
 * Opens an account at level 2, or at level 3 on two conditions: the register matches, and the person has shown a possession.
 * Knowledge of a name and a number is none. A clerk who opens an account has seen the person.
 */
export async function openAccount(deps: NaturalPersonsDeps, opening: Opening, by: Actor): Promise<Opened> {
  const {
    document,
    authenticators: _new,
    noticeVersion: _notice,
    vouchedLevel,
    guardian: _guardian,
    possession: _possession,
    phoneProven: _how,
    silent = false,
    alongside: _alongside,
    ...fields
  } = opening
  const data = { ...fields, documentType: document.type, documentNumber: document.number }
  const possession = possessionOf(opening)
  const matched =
    // the register is asked in silent mode too, so that the time of the answer does not differ
    vouchedLevel === undefined
      ? possession !== null && (await matchesRegister(deps, data)) && !silent
      : vouchedLevel >= 3
  const opened = await orUndo(deps.database, (transaction) =>
    insertAccount(deps, transaction, opening, { data, matched }, by),
  )
  return opened ?? { ok: false, problem: 'alongside_refused' }
}

/** An administrator who opens an account has seen the person, unless they say level 2. */
const possessionOf = ({ possession, noticeVersion, vouchedLevel }: Opening): Possession | null =>
  possession ?? (noticeVersion === undefined && vouchedLevel !== 2 ? 'counter' : null)

/** The row of a new account. `indexKey` is the key that accounts are stored under (indexKeysInUse). */
export function accountRow(
  { cipher, lookup }: Pick<NaturalPersonsDeps, 'cipher' | 'lookup'>,
  indexKey: string,
  account: { id: string; data: PersonalData; identityLevel: number; possession: Possession | null; now: number },
) {
  const { id, data, identityLevel, possession, now } = account
  return {
    id,
    ...sealPersonalData(cipher, id, data),
    ...indexesOf(lookup, indexKey, { id, ...data }),
    identity_level: identityLevel,
    possession,
    possession_asked_at: null,
    proofed_at: identityLevel >= 3 ? now : null,
    face_proofed_at: null,
    status: 'active' as const,
    held_until: null,
    recovery_held_until: null,
    signed_out_at: null,
    sign_in_epoch: 0,
    sign_in_marks: null,
    closes_at: null,
    created_at: now,
    updated_at: now,
  }
}

const holdsUsername = async (transaction: DatabaseTransaction, lookup: LookupIndex, username: string) =>
  (await transaction
    .selectFrom('natural_persons')
    .select('id')
    .where('username_index', 'in', lookup.all('username', username))
    .executeTakeFirst()) !== undefined

async function insertAccount(
  { cipher, lookup, audit, authenticators, phoneProofs, clock }: NaturalPersonsDeps,
  transaction: DatabaseTransaction,
  opening: Opening,
  { data, matched }: { data: PersonalData; matched: boolean },
  by: Actor,
): Promise<Opened> {
  const { noticeVersion, vouchedLevel, guardian, phoneProven: how } = opening
  const possession = possessionOf(opening)
  const [indexKey] = await indexKeysInUse(transaction, lookup)
  if (data.username && (await holdsUsername(transaction, lookup, data.username)))
    return { ok: false, problem: 'username_taken' }
  const proven = (await provenHolders(transaction, lookup, data)).length > 0
  if (proven && vouchedLevel === 3) return { ok: false, problem: 'document_taken' }
  // A number proven by another account gets the same answer as no match: the answer must not reveal that account.
  const identityLevel = matched && possession !== null && !proven ? 3 : 2
  const id = randomUUID()
  const now = clock()
  const row = accountRow({ cipher, lookup }, indexKey, { id, data, identityLevel, possession, now })
  await transaction.insertInto('natural_persons').values(row).execute()
  for (const authenticator of opening.authenticators) {
    await authenticators.add({ ...authenticator, personId: id }, transaction)
  }
  if (noticeVersion) {
    const consent = { person_id: id, notice_version: noticeVersion, given_at: now }
    await transaction.insertInto('notice_consents').values(consent).execute()
  }
  const event = noticeVersion ? 'person.registered' : 'person.created'
  await audit.append(transaction, {
    event,
    ...by,
    personId: id,
    details: { identityLevel, possession: possession ?? undefined, noticeVersion, guardian },
  })
  // a number that enough persons have proven stays unproven here
  if (how) await phoneProofs.record(transaction, { personId: id, phone: data.phone, how }, by)
  if (opening.alongside && !(await opening.alongside(transaction, id))) throw new Undo()
  return { ok: true, person: fromRow(row) }
}
