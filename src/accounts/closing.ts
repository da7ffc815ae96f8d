import { randomUUID } from 'node:crypto'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import { dayMs } from '../config/time.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import type { Publish } from '../storage/events.ts'
import type { Actor } from './natural-persons.ts'
import type { Notifier } from './notices.ts'
import type { EndSignIns } from './sign-in-endings.ts'
import { fieldAad, type SealedField } from './sealed-fields.ts'
import type { FaceReferences } from '../proofing/face/references.ts'

/** Closing an account: asked for, thought over for some days, then erased but for the audit trail. */
export interface Closing {
  /** When it will be closed; undefined where the account is not open, or is to be closed already. All sign-ins end. */
  ask(personId: string, by: Actor): Promise<number | undefined>
  /** False where it was not to be closed, or is closed already. */
  keep(personId: string, by: Actor): Promise<boolean>
  /** Accounts whose time has come, and those whose closing somebody began and did not finish. */
  due(): Promise<string[]>
  /**
   * Erases what is due, in one transaction, unless the person kept it in the last moment. True when the rest (sessions,
   * mandates) is for the caller to end, who then says `done`; who dies before is followed up by another after half a minute.
   */
  erase(personId: string): Promise<boolean>
  done(personId: string): Promise<void>
}

const claimMs = 30_000
const sealedFields: readonly SealedField[] = ['document_number', 'name', 'phone', 'username']

/** Tables that hold what is a person's own, row by row. */
const own = [
  'face_bindings',
  'face_consents',
  'administrators',
  'authenticators',
  'devices',
  'notices',
  'method_locks',
  'consents',
  'notice_consents',
  'representee_choices',
  'mandate_code_tries',
] as const

export function createClosing(options: {
  database: Database
  cipher: FieldCipher
  references: Pick<FaceReferences, 'erase'>
  audit: AuditLog
  notifier: Notifier
  endSignIns: EndSignIns
  publish: Publish
  clock: Clock
  days: number
}): Closing {
  const { database, cipher, references, audit, notifier, endSignIns, publish, clock, days } = options

  async function note(transaction: DatabaseTransaction, personId: string, by: Actor, closesAt: number | undefined) {
    const event = closesAt === undefined ? 'person.kept' : 'person.closing'
    const details = closesAt === undefined ? {} : { closesAt: String(closesAt) }
    await audit.append(transaction, { event, ...by, personId, details })
    const kind = closesAt === undefined ? 'account-kept' : 'account-closing'
    await notifier.notify({ personId, kind, details, restricted: by.restricted }, transaction)
  }

  /** The template their face is compared by; who only claims a document has no say over the face behind it. */
  async function eraseFace(transaction: DatabaseTransaction, personId: string): Promise<void> {
    const proven = await transaction
      .selectFrom('natural_persons')
      .select(['document_type', 'document_number'])
      .where('id', '=', personId)
      .where('identity_level', '>=', 3)
      .executeTakeFirst()
    if (!proven) return
    const documentNumber = cipher.open(proven.document_number, fieldAad('document_number', personId))
    await references.erase({ documentType: proven.document_type, documentNumber }, transaction)
  }

  /** Nothing of the person can be read or found any more: each sealed field is empty, each index is nobody's. */
  const emptied = (personId: string) => ({
    ...Object.fromEntries(sealedFields.map((field) => [field, cipher.seal('', fieldAad(field, personId))])),
    document_index: randomUUID(),
    phone_index: randomUUID(),
    username_index: randomUUID(),
    identity_level: 2,
    proofed_at: null,
    face_proofed_at: null,
    held_until: null,
  })

  return {
    ask: (personId, by) =>
      database.transaction().execute(async (transaction) => {
        const now = clock()
        const closesAt = now + days * dayMs
        const { numUpdatedRows } = await transaction
          .updateTable('natural_persons')
          .set({ closes_at: closesAt, updated_at: now })
          .where('id', '=', personId)
          .where('status', '=', 'active')
          .where('closes_at', 'is', null)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return undefined
        await endSignIns(transaction, personId, { but: [] })
        await note(transaction, personId, by, closesAt)
        return closesAt
      }),

    keep: (personId, by) =>
      database.transaction().execute(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('natural_persons')
          .set({ closes_at: null, updated_at: clock() })
          .where('id', '=', personId)
          .where('status', '=', 'active')
          .where('closes_at', 'is not', null)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return false
        await note(transaction, personId, by, undefined)
        return true
      }),

    async due() {
      const rows = await database.selectFrom('natural_persons').select('id').where('closes_at', '<=', clock()).execute()
      return rows.map(({ id }) => id)
    },

    async erase(personId) {
      const erased = await database.transaction().execute(async (transaction) => {
        const now = clock()
        // the time it is due is the claim: of several processes one goes on, and keeping it meanwhile wins or loses whole
        const claim = await transaction
          .updateTable('natural_persons')
          .set({ closes_at: now + claimMs })
          .where('id', '=', personId)
          .where('closes_at', '<=', now)
          .executeTakeFirst()
        if (claim.numUpdatedRows === 0n) return false
        await eraseFace(transaction, personId)
        const { numUpdatedRows } = await transaction
          .updateTable('natural_persons')
          .set({ status: 'closed', ...emptied(personId), updated_at: now })
          .where('id', '=', personId)
          .where('status', '<>', 'closed')
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return true // a second run: only the rest is left
        await endSignIns(transaction, personId, { but: [] })
        // what a guardian agreed to for a child holds on; who it was is in the audit trail
        await transaction
          .updateTable('face_consents')
          .set({ guardian_id: null })
          .where('guardian_id', '=', personId)
          .execute()
        // what waits against it stays: the number is free then
        await transaction.deleteFrom('number_claims').where('claimant_id', '=', personId).execute()
        for (const table of own) await transaction.deleteFrom(table).where('person_id', '=', personId).execute()
        await audit.append(transaction, { event: 'person.closed', actor: 'system', personId })
        return true
      })
      publish('person', personId)
      return erased
    },

    async done(personId) {
      await database
        .updateTable('natural_persons')
        .set({ closes_at: null })
        .where('id', '=', personId)
        .where('status', '=', 'closed')
        .execute()
    },
  }
}
