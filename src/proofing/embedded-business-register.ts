import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { representativeKey, type BusinessRegister } from './business-register.ts'

export interface RegisteredOrganisation {
  uscc: string
  name: string
  status: 'active' | 'revoked' | 'cancelled'
  documentType: string
  documentNumber: string
}

/** The business register of a county without a connection to the real one: a table filled by `yideng register import`. */
export interface EmbeddedBusinessRegister extends BusinessRegister {
  /** Adds organisations, or replaces those with the same code. */
  add(transaction: DatabaseTransaction, organisations: RegisteredOrganisation[]): Promise<void>
}

const aad = (uscc: string) => `business_register.name:${uscc}`

export function createEmbeddedBusinessRegister(options: {
  database: Database
  cipher: FieldCipher
  blindIndex: BlindIndex
  clock: Clock
}): EmbeddedBusinessRegister {
  const { database, cipher, blindIndex, clock } = options

  return {
    async look(uscc) {
      const query = database.selectFrom('business_register').selectAll().where('uscc', '=', uscc)
      // a failed query counts as an unreachable register, also for a table
      const row = await query.executeTakeFirst().catch(() => 'unreachable' as const)
      if (row === 'unreachable') return { outcome: 'unreachable' }
      if (!row) return { outcome: 'not_found' }
      const name = cipher.open(row.name, aad(uscc))
      return { outcome: 'found', name, status: row.status, representativeKey: row.representative_key }
    },
    async add(transaction, organisations) {
      const imported_at = clock()
      const rows = organisations.map((one) => ({
        uscc: one.uscc,
        name: cipher.seal(one.name, aad(one.uscc)),
        status: one.status,
        representative_key: representativeKey(blindIndex, one),
        imported_at,
      }))
      await transaction
        .insertInto('business_register')
        .values(rows)
        .onConflict((conflict) =>
          conflict.column('uscc').doUpdateSet((row) => ({
            name: row.ref('excluded.name'),
            status: row.ref('excluded.status'),
            representative_key: row.ref('excluded.representative_key'),
            imported_at,
          })),
        )
        .execute()
    },
  }
}
