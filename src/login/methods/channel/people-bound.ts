import { sql } from 'kysely'
import { unhurried, type Database } from '../../../storage/database.ts'
import { name } from './channel-deps.ts'

/** How many people have bound an account in this namespace. It reads every binding: for administrators. */
export async function peopleBound(database: Database, namespace: string): Promise<number> {
  // the data is JSON (bindings.ts), and a namespace has no character that JSON escapes
  const part = `"namespace":"${namespace}"`
  const { people } = await unhurried(database, (within) =>
    within
      .selectFrom('authenticators')
      .select(({ fn }) => fn.count<number>('person_id').distinct().as('people'))
      .where('kind', '=', name)
      .where(({ ref }) => sql<boolean>`replace(${ref('data')}, ${part}, '') <> ${ref('data')}`)
      .executeTakeFirstOrThrow(),
  )
  return people
}
