import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { Database, DatabaseTransaction } from '../storage/database.ts'
import { padded } from '../storage/lists.ts'
import type { IdentityClaim, PopulationRegister } from './population-register.ts'

/** The population register of a county without a connection to the real one: a table filled by `yideng register import`. */
export interface EmbeddedPopulationRegister extends PopulationRegister {
  /** Adds people, or replaces the name of those already there. */
  add(transaction: DatabaseTransaction, people: IdentityClaim[]): Promise<void>
}

/** Stores keyed fingerprints only: names and numbers cannot be read from the table. */
export function createEmbeddedPopulationRegister(options: {
  database: Database
  blindIndex: BlindIndex
  clock: Clock
}): EmbeddedPopulationRegister {
  const { database, blindIndex, clock } = options

  const fingerprint = ({ documentType, documentNumber, nameKey }: IdentityClaim) => {
    const document = `${documentType}:${documentNumber}`
    return {
      document_type: documentType,
      document_index: blindIndex('register.document', document),
      // bound to the document, so that equal names are not visible
      name_index: blindIndex('register.name', `${document}:${nameKey}`),
    }
  }

  return {
    async match(claim) {
      const { document_index, name_index } = fingerprint(claim)
      const row = await database
        .selectFrom('population_register')
        .select('name_index')
        .where('document_index', '=', document_index)
        .executeTakeFirst()
      return row?.name_index === name_index ? 'match' : 'no_match'
    },
    async matchAll(claims) {
      const prints = claims.map(fingerprint)
      if (prints.length === 0) return []
      const rows = await database
        .selectFrom('population_register')
        .select(['document_index', 'name_index'])
        .where('document_index', 'in', padded(prints.map((print) => print.document_index)))
        .execute()
      const names = new Map(rows.map((row) => [row.document_index, row.name_index]))
      return prints.map((print) => (names.get(print.document_index) === print.name_index ? 'match' : 'no_match'))
    },
    async add(transaction, people) {
      const imported_at = clock()
      await transaction
        .insertInto('population_register')
        .values(people.map((person) => ({ ...fingerprint(person), imported_at })))
        .onConflict((conflict) =>
          conflict
            .column('document_index')
            .doUpdateSet((row) => ({ name_index: row.ref('excluded.name_index'), imported_at })),
        )
        .execute()
    },
  }
}
