import { compileOnce, type DatabaseTransaction } from '../storage/database.ts'
import type { IdentifierReading } from './identifiers/identify.ts'
import { markPossessionAsked } from './natural-persons/possession-asked.ts'
import { countOldProofs, endOldProofs } from './natural-persons/end-old-proofs.ts'
import { correctPerson, type Corrected, type CorrectedBy, type Correction } from './natural-persons/correct.ts'
import { endAllSignIns } from './natural-persons/end-all-sign-ins.ts'
import {
  findByIdentifier,
  findPeople,
  holdersOnRecord,
  isOnRecord,
  type Sought,
} from './natural-persons/find-by-identifier.ts'
import { followRegister, type RegisteredPerson } from './natural-persons/follow-register.ts'
import { changePhone, type PhoneChange } from './natural-persons/change-phone.ts'
import { fromRow, type Actor, type NaturalPerson, type NaturalPersonsDeps } from './natural-persons/natural-person.ts'
import { openAccount, type Opened, type Opening } from './natural-persons/open-account.ts'
import { proofIdentity, type IdentityClaim } from './natural-persons/proof-identity.ts'
import { setPersonStatus } from './natural-persons/set-person-status.ts'
import { openField, openPersonalData, type PersonalData, type SealedField } from './personal-fields.ts'

export { isHeld, type Actor, type NaturalPerson } from './natural-persons/natural-person.ts'
export type { Sought } from './natural-persons/find-by-identifier.ts'
export type { Corrected, Correction } from './natural-persons/correct.ts'
export type { Opened, Opening } from './natural-persons/open-account.ts'
export type { PersonalData } from './personal-fields.ts'

/** The accounts of natural persons (自然人). Each rule is a file of natural-persons/. */
export interface NaturalPersons {
  create(opening: Opening, by: Actor): Promise<Opened>
  find(id: string): Promise<NaturalPerson | undefined>
  /** Of several accounts that claim an identifier: the best proven one, then the oldest. */
  findByIdentifier(readings: readonly IdentifierReading[]): Promise<NaturalPerson | undefined>
  /** The accounts that one of these values fits, at most `most`: the best proven ones first, then the oldest. */
  findAll(sought: readonly Sought[], most: number): Promise<NaturalPerson[]>
  /** The persons who have proven this number, and have it on record now. The number of statements is always the same. */
  provenHolders(phone: string): Promise<NaturalPerson[]>
  /** Opens one sealed field. */
  open(person: NaturalPerson, field: SealedField): string
  reveal(person: NaturalPerson): PersonalData
  /** Compares name and number with the register again; raises a level 2 account to 3 on a match and a possession. */
  proof(id: string, by: Actor, claim?: IdentityClaim): Promise<NaturalPerson | undefined>
  /** Number of accounts at level 3 by the rule before: a name and a number alone (DESIGN 1.4). */
  countOldProofs(): Promise<number>
  /** Lets at most a hundred of them fall to level 2, and returns how many. */
  endOldProofs(): Promise<number>
  /** Marks that the person was asked once to show a possession; false where they were before. */
  markPossessionAsked(id: string): Promise<boolean>
  /** Another telephone number, or the proof of the present one; see change-phone.ts. */
  changePhone(id: string, change: PhoneChange, by: Actor): ReturnType<typeof changePhone>
  /** Undefined where there is no such account, or it is closed. */
  setStatus(id: string, status: 'active' | 'locked', by: Actor): Promise<NaturalPerson | undefined>
  /** Corrects name, document or phone; the rules are in natural-persons/correct.ts. */
  correct(
    id: string,
    correction: Correction,
    how: { by: Actor; source: CorrectedBy; silent?: boolean },
  ): Promise<Corrected>
  /** Names of proven accounts follow the register. Returns their ids, for `publishChanged` after the commit. */
  followRegister(transaction: DatabaseTransaction, people: readonly RegisteredPerson[], by: Actor): Promise<string[]>
  /** Tells the servers that these accounts changed, after the commit. */
  publishChanged(ids: readonly string[]): void
  /** Ends all sign-ins. False where there is no such account, or it is closed. */
  endSignIns(id: string, by: Actor): Promise<boolean>
  /** Whether this is the phone or document number on record. Takes the same time where there is no account. */
  isOnRecord(person: NaturalPerson | undefined, reading: IdentifierReading): boolean
  /** Ordered by id. */
  list(page: { after?: string; limit: number }): Promise<NaturalPerson[]>
}

export function createNaturalPersons(deps: NaturalPersonsDeps): NaturalPersons {
  const { database, cipher } = deps
  // each request reads its person, so this statement is compiled once
  const byId = compileOnce<NaturalPerson['row']>(
    database.selectFrom('natural_persons').selectAll().where('id', '=', ''),
  )
  return {
    create: (opening, by) => openAccount(deps, opening, by),
    async find(id) {
      const [row] = await byId(database, [id])
      return row && fromRow(row)
    },
    findByIdentifier: (readings) => findByIdentifier(deps, readings),
    findAll: (sought, most) => findPeople(deps, sought, most),
    provenHolders: (phone) => holdersOnRecord(deps, phone),
    open: ({ row }, field) => openField(cipher, row, field),
    reveal: ({ row }) => openPersonalData(cipher, row),
    proof: (id, by, claim) => proofIdentity(deps, id, by, claim),
    countOldProofs: () => countOldProofs(database),
    markPossessionAsked: (id) => markPossessionAsked(deps, id),
    endOldProofs: () => endOldProofs(deps),
    changePhone: (id, change, by) => changePhone(deps, id, change, by),
    setStatus: (id, status, by) => setPersonStatus(deps, id, status, by),
    correct: (id, correction, how) => correctPerson(deps, id, correction, how),
    followRegister: (transaction, people, by) => followRegister(deps, transaction, people, by),
    publishChanged(ids) {
      for (const id of ids) deps.publish('person', id)
    },
    endSignIns: (id, by) => endAllSignIns(deps, id, by),
    isOnRecord: (person, reading) => isOnRecord(deps, person, reading),
    async list({ after, limit }) {
      const rows = await database
        .selectFrom('natural_persons')
        .selectAll()
        .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(fromRow)
    },
  }
}
