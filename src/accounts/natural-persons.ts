import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { AuditEvent } from '../audit/events.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { indexKeysInUse, type LookupIndex } from '../keys/lookup-index.ts'
import type { PopulationRegister } from '../proofing/population-register.ts'
import { compileOnce, type Database, type DatabaseTransaction } from '../storage/database.ts'
import type { Publish } from '../storage/events.ts'
import type { Tables } from '../storage/schema.ts'
import type { Authenticators, NewAuthenticator } from './authenticators.ts'
import type { IdentityDocument } from './identifiers/documents.ts'
import type { IdentifierReading } from './identifiers/identify.ts'
import { matchKey } from './identifiers/names.ts'
import { powerEnded } from './account-power.ts'
import type { Notifier } from './notices.ts'
import { readEndings, type EndSignIns, type SignInEndings } from './sign-in-endings.ts'
import { indexesOf, provenHolders } from './indexes.ts'
import { isAmong } from './account-recovery/codes.ts'
import { fieldAad, type SealedField } from './sealed-fields.ts'

/** What of an account may be read without opening personal data. */
export interface NaturalPerson {
  id: string
  status: 'active' | 'locked' | 'closed'
  /** 2 self-asserted, 3 matched with the population register, 4 and a face verified. */
  identityLevel: number
  /** Milliseconds since 1970 UTC. */
  proofedAt: number | null
  /** When a face was verified for this account last. */
  faceProofedAt: number | null
  createdAt: number
  /** Until then no authenticator may be changed (recovery without a counter). */
  heldUntil: number | null
  /** What was ended of the sign-ins of this person. */
  endings: SignInEndings
  /** The account is to be closed then. */
  closesAt: number | null
  row: Selectable<Tables['natural_persons']>
}

export interface PersonalData {
  documentType: string
  documentNumber: string
  name: string
  phone: string
  username: string
}

export interface Opening {
  document: IdentityDocument
  /** Normalised, as is all else. */
  name: string
  phone: string
  username: string
  /** What the person signs in with. */
  authenticators: readonly NewAuthenticator[]
  /** Version of the privacy notice agreed to; none when an administrator opens the account. */
  noticeVersion?: string
  /** Set when an administrator vouches for the identity, with or without the register. */
  vouchedLevel?: 2 | 3
  /** What the register says is not told: as where it matches nothing. */
  silent?: boolean
}

export type Opened = { ok: true; person: NaturalPerson } | { ok: false; problem: 'username_taken' | 'document_taken' }

/** Who does it and what the audit trail is to know of them. */
export type Actor = Pick<AuditEvent, 'actor' | 'restricted'>

/** The accounts of natural persons (自然人). */
export interface NaturalPersons {
  create(opening: Opening, by: Actor): Promise<Opened>
  find(id: string): Promise<NaturalPerson | undefined>
  /** Of several accounts that claim an identifier, the best proven one is meant, then the oldest. */
  findByIdentifier(readings: readonly IdentifierReading[]): Promise<NaturalPerson | undefined>
  /** Opens one sealed field. */
  open(person: NaturalPerson, field: SealedField): string
  reveal(person: NaturalPerson): PersonalData
  /** Compares name and number with the register again; raises a level 2 account to 3 on a match. */
  proof(id: string, by: Actor, options?: { silent?: boolean }): Promise<NaturalPerson | undefined>
  setStatus(id: string, status: 'active' | 'locked', by: Actor): Promise<NaturalPerson | undefined>
  /** Whether it is the phone or document number on record; takes as long where there is nobody. */
  isOnRecord(person: NaturalPerson | undefined, reading: IdentifierReading): boolean
  list(page: { after?: string; limit: number }): Promise<NaturalPerson[]>
}

/** Recovered a short while ago: it may not have been the person's own doing. */
export const isHeld = ({ heldUntil }: NaturalPerson, now: number) => heldUntil !== null && heldUntil > now

function fromRow(row: Selectable<Tables['natural_persons']>): NaturalPerson {
  const { id, status, identity_level: identityLevel, proofed_at: proofedAt, created_at: createdAt } = row
  const { held_until: heldUntil, closes_at: closesAt, face_proofed_at: faceProofedAt } = row
  const endings = readEndings(row)
  return { id, status, identityLevel, proofedAt, faceProofedAt, createdAt, heldUntil, endings, closesAt, row }
}

export function createNaturalPersons(options: {
  database: Database
  cipher: FieldCipher
  lookup: LookupIndex
  audit: AuditLog
  register: PopulationRegister
  authenticators: Pick<Authenticators, 'add'>
  endSignIns: EndSignIns
  notifier: Notifier
  publish: Publish
  clock: Clock
}): NaturalPersons {
  const { database, cipher, lookup, audit, register, authenticators, endSignIns, notifier, publish, clock } = options

  const byId = compileOnce<NaturalPerson['row']>(
    database.selectFrom('natural_persons').selectAll().where('id', '=', ''),
  )
  const findIn = async (within: Database, id: string) => {
    const [row] = await byId(within, [id])
    return row && fromRow(row)
  }

  const isProven = async (within: DatabaseTransaction, documentType: string, documentNumber: string) =>
    (await provenHolders(within, lookup, { documentType, documentNumber })).length > 0

  const matches = async (documentType: string, documentNumber: string, name: string) =>
    (await register.match({ documentType, documentNumber, nameKey: matchKey(name) })) === 'match'

  const open = ({ id, row }: NaturalPerson, field: SealedField) => cipher.open(row[field], fieldAad(field, id))

  const reveal = (person: NaturalPerson): PersonalData => ({
    documentType: person.row.document_type,
    documentNumber: open(person, 'document_number'),
    name: open(person, 'name'),
    phone: open(person, 'phone'),
    username: open(person, 'username'),
  })

  return {
    open,
    reveal,
    find: (id) => findIn(database, id),

    async create(opening, by) {
      const { document, name, phone, username, noticeVersion, vouchedLevel, silent = false } = opening
      const id = randomUUID()
      const matched =
        // the register is asked all the same: the work tells nothing either
        vouchedLevel === undefined
          ? (await matches(document.type, document.number, name)) && !silent
          : vouchedLevel >= 3
      return database.transaction().execute(async (transaction): Promise<Opened> => {
        const [indexKey] = await indexKeysInUse(transaction, lookup)
        const taken = await transaction
          .selectFrom('natural_persons')
          .select('id')
          .where('username_index', 'in', lookup.all('username', username))
          .executeTakeFirst()
        if (taken) return { ok: false, problem: 'username_taken' }
        const proven = await isProven(transaction, document.type, document.number)
        if (proven && vouchedLevel === 3) return { ok: false, problem: 'document_taken' }
        // A number somebody else has proven is answered just as one that does not match: nobody learns of the account.
        const identityLevel = matched && !proven ? 3 : 2
        const now = clock()
        const row = {
          id,
          document_type: document.type,
          document_number: cipher.seal(document.number, fieldAad('document_number', id)),
          name: cipher.seal(name, fieldAad('name', id)),
          phone: cipher.seal(phone, fieldAad('phone', id)),
          username: cipher.seal(username, fieldAad('username', id)),
          ...indexesOf(lookup, indexKey, { documentNumber: document.number, phone, username }),
          identity_level: identityLevel,
          proofed_at: identityLevel >= 3 ? now : null,
          face_proofed_at: null,
          status: 'active' as const,
          held_until: null,
          signed_out_at: null,
          sign_in_epoch: 0,
          sign_in_marks: null,
          closes_at: null,
          created_at: now,
          updated_at: now,
        }
        await transaction.insertInto('natural_persons').values(row).execute()
        for (const authenticator of opening.authenticators) {
          await authenticators.add({ ...authenticator, personId: id }, transaction)
        }
        if (noticeVersion) {
          const consent = { person_id: id, notice_version: noticeVersion, given_at: now }
          await transaction.insertInto('notice_consents').values(consent).execute()
        }
        const event = noticeVersion ? 'person.registered' : 'person.created'
        await audit.append(transaction, { event, ...by, personId: id, details: { identityLevel, noticeVersion } })
        return { ok: true, person: fromRow(row) }
      })
    },

    async findByIdentifier(readings) {
      if (readings.length === 0) return undefined
      const column = { phone: 'phone_index', username: 'username_index', document: 'document_index' } as const
      // under all keys in one statement: one account after another is brought from one key to the next
      const look = () =>
        database
          .selectFrom('natural_persons')
          .selectAll()
          .where((where) =>
            where.or(readings.map(({ kind, value }) => where(column[kind], 'in', lookup.all(kind, value)))),
          )
          .orderBy('identity_level', 'desc')
          .orderBy('created_at')
          .limit(1)
          .executeTakeFirst()
      const newest = () => lookup.fingerprint(lookup.known().at(-1) ?? '')
      const lookedUnder = newest()
      const found = await look()
      await indexKeysInUse(database, lookup)
      const row = newest() === lookedUnder ? found : await look()
      return row && fromRow(row)
    },

    isOnRecord(person, { kind, value }) {
      const { phone_index: phone = '', document_index: document = '' } = person?.row ?? {}
      return kind !== 'username' && isAmong({ phone, document }[kind], lookup.all(kind, value))
    },

    async proof(id, by, { silent = false } = {}) {
      const person = await findIn(database, id)
      if (!person || person.identityLevel >= 3) return person
      const { documentType, documentNumber, name } = reveal(person)
      const matched = (await matches(documentType, documentNumber, name)) && !silent
      return database.transaction().execute(async (transaction) => {
        const raise = matched && !(await isProven(transaction, documentType, documentNumber))
        await audit.append(transaction, { event: raise ? 'person.proofed' : 'person.not-matched', ...by, personId: id })
        if (raise) {
          const now = clock()
          await transaction
            .updateTable('natural_persons')
            .set({ identity_level: 3, proofed_at: now, updated_at: now })
            .where('id', '=', id)
            .where('identity_level', '=', person.identityLevel)
            .execute()
        }
        return findIn(transaction, id)
      })
    },

    async setStatus(id, status, by) {
      const principals: string[] = []
      const person = await database.transaction().execute(async (transaction) => {
        const changed = await transaction
          .updateTable('natural_persons')
          .set({ status, updated_at: clock() })
          .where('id', '=', id)
          .where('status', '<>', 'closed')
          .executeTakeFirst()
        if (changed.numUpdatedRows === 0n) return undefined
        if (status === 'locked') {
          // unlocking brings no sign-in back
          await endSignIns(transaction, id, { but: [] })
          principals.push(...(await powerEnded(transaction, notifier, id, clock())))
        }
        const event = status === 'locked' ? 'person.locked' : 'person.unlocked'
        await audit.append(transaction, { event, ...by, personId: id })
        return findIn(transaction, id)
      })
      publish('person', id)
      for (const principal of principals) publish('principal', principal)
      return person
    },

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
