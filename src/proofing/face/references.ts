import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'

interface Whose {
  documentType: string
  documentNumber: string
}

/** Templates of other models cannot be compared with ours. */
const model = 'face-api-1.7'

/**
 * What the local engine compares with: a template of the population register's photograph, sealed. The photograph itself is
 * not kept: a leaked template shows nobody's face, and the engine needs nothing else. Another model needs another import.
 */
export interface FaceReferences {
  find(whose: Whose): Promise<number[] | undefined>
  add(transaction: DatabaseTransaction, people: (Whose & { template: readonly number[] })[]): Promise<void>
  /** True when there was one. */
  erase(whose: Whose, within: DatabaseTransaction): Promise<boolean>
}

export function createFaceReferences(options: {
  database: Database
  blindIndex: BlindIndex
  cipher: FieldCipher
  clock: Clock
}): FaceReferences {
  const { database, blindIndex, cipher, clock } = options
  const keyOf = ({ documentType: document_type, documentNumber }: Whose) => ({
    document_type,
    document_index: blindIndex('document', documentNumber),
  })
  const aad = (key: ReturnType<typeof keyOf>) => `population_faces.template:${key.document_type}:${key.document_index}`

  return {
    async find(whose) {
      const key = keyOf(whose)
      const row = await database
        .selectFrom('population_faces')
        .select('template')
        .where('document_type', '=', key.document_type)
        .where('document_index', '=', key.document_index)
        .where('model', '=', model)
        .executeTakeFirst()
      if (!row) return undefined
      const bytes = Buffer.from(cipher.open(row.template, aad(key)), 'base64')
      return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)]
    },
    async add(transaction, people) {
      const imported_at = clock()
      const rows = people.map(({ template, ...whose }) => {
        const key = keyOf(whose)
        const text = Buffer.from(new Float32Array(template).buffer).toString('base64')
        return { ...key, model, template: cipher.seal(text, aad(key)), imported_at }
      })
      await transaction
        .insertInto('population_faces')
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(['document_type', 'document_index']).doUpdateSet((row) => ({
            model,
            template: row.ref('excluded.template'),
            imported_at,
          })),
        )
        .execute()
    },
    async erase(whose, within) {
      const { numDeletedRows } = await within
        .deleteFrom('population_faces')
        .where('document_type', '=', whose.documentType)
        .where('document_index', '=', keyOf(whose).document_index)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}
