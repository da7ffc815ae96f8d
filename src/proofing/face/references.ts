import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'

interface Document {
  documentType: string
  documentNumber: string
}

/** Templates of different models cannot be compared. */
const model = 'face-api-1.7'

/**
 * References for the local engine: sealed templates of the photographs in the population register. The photographs are not
 * stored: a leaked template shows no face, and the engine needs nothing else. A new model needs a new import.
 */
export interface FaceReferences {
  find(document: Document): Promise<number[] | undefined>
  add(transaction: DatabaseTransaction, people: (Document & { template: readonly number[] })[]): Promise<void>
  /** True when there was one. */
  erase(document: Document, within: DatabaseTransaction): Promise<boolean>
}

export interface FaceReferencesDeps {
  database: Database
  blindIndex: BlindIndex
  cipher: FieldCipher
  clock: Clock
}

export function createFaceReferences(deps: FaceReferencesDeps): FaceReferences {
  const { database, blindIndex, cipher, clock } = deps
  const keyOf = ({ documentType: document_type, documentNumber }: Document) => ({
    document_type,
    document_index: blindIndex('document', documentNumber),
  })
  const aad = (key: ReturnType<typeof keyOf>) => `population_faces.template:${key.document_type}:${key.document_index}`

  return {
    async find(document) {
      const key = keyOf(document)
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
      const rows = people.map(({ template, ...document }) => {
        const key = keyOf(document)
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
    async erase(document, within) {
      const { numDeletedRows } = await within
        .deleteFrom('population_faces')
        .where('document_type', '=', document.documentType)
        .where('document_index', '=', keyOf(document).document_index)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
  }
}
