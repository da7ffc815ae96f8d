import { compileOnce } from '../storage/database.ts'
import type { IdentifierReading } from './identifiers/identify.ts'
import { findByIdentifier, holdersOnRecord, isOnRecord } from './natural-persons/find-by-identifier.ts'
import { changePhone, type PhoneChange } from './natural-persons/change-phone.ts'
import { fromRow, type Actor, type NaturalPerson, type NaturalPersonsDeps } from './natural-persons/natural-person.ts'
import { openAccount, type Opened, type Opening } from './natural-persons/open-account.ts'
import { proofIdentity } from './natural-persons/proof-identity.ts'
import { setPersonStatus } from './natural-persons/set-person-status.ts'
import { openField, openPersonalData, type PersonalData, type SealedField } from './personal-fields.ts'

export { isHeld, type Actor, type NaturalPerson } from './natural-persons/natural-person.ts'
export type { Opened, Opening } from './natural-persons/open-account.ts'
export type { PersonalData } from './personal-fields.ts'

/** The accounts of natural persons (自然人). Each rule is a file of natural-persons/. */
export interface NaturalPersons {
  create(opening: Opening, by: Actor): Promise<Opened>
  find(id: string): Promise<NaturalPerson | undefined>
  /** Of several accounts that claim an identifier: the best proven one, then the oldest. */
  findByIdentifier(readings: readonly IdentifierReading[]): Promise<NaturalPerson | undefined>
  /** The persons who have proven this number, and have it on record now. The number of statements is always the same. */
  provenHolders(phone: string): Promise<NaturalPerson[]>
  /** Opens one sealed field. */
  open(person: NaturalPerson, field: SealedField): string
  reveal(person: NaturalPerson): PersonalData
  /** Compares name and number with the register again; raises a level 2 account to 3 on a match. */
  proof(id: string, by: Actor, options?: { silent?: boolean }): Promise<NaturalPerson | undefined>
  /** Another telephone number, or the proof of the present one; see change-phone.ts. */
  changePhone(id: string, change: PhoneChange, by: Actor): ReturnType<typeof changePhone>
  /** Undefined where there is no such account, or it is closed. */
  setStatus(id: string, status: 'active' | 'locked', by: Actor): Promise<NaturalPerson | undefined>
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
    provenHolders: (phone) => holdersOnRecord(deps, phone),
    open: ({ row }, field) => openField(cipher, row, field),
    reveal: ({ row }) => openPersonalData(cipher, row),
    proof: (id, by, options) => proofIdentity(deps, id, by, options),
    changePhone: (id, change, by) => changePhone(deps, id, change, by),
    setStatus: (id, status, by) => setPersonStatus(deps, id, status, by),
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
