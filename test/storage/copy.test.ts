import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tablesInOrder } from '../../src/storage/copy.ts'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { columnMarks } from '../../src/storage/schema.ts'
import { cannotRun } from '../setup/parts.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

for (const [name, where] of [
  ['SQLite', async () => join(temporaryDirectory(), 'store.sqlite')],
  ['PostgreSQL', makePostgres],
] as const) {
  describe.skipIf(name === 'PostgreSQL' && cannotRun('PostgreSQL'))(`the order of copying: ${name}`, () => {
    it('has each table once, after those it refers to, and refuses a cycle', async () => {
      const database = openDatabase(await where())
      onTestFinished(() => database.destroy())
      await migrate(database)
      const before = await tablesInOrder(database)
      expect(before.toSorted()).toEqual(Object.keys(columnMarks).toSorted())
      const place = (table: (typeof before)[number]) => before.indexOf(table)
      expect(place('natural_persons')).toBeLessThan(place('administrators'))
      expect(place('authenticators')).toBeLessThan(place('face_bindings'))
      expect(place('principals')).toBeLessThan(place('mandates'))
      expect(place('house')).toBeLessThan(place('mandates'))

      await sql`alter table house add column added text references mandates (id)`.execute(database)
      const after = await tablesInOrder(database)
      expect(after.indexOf('house')).toBeGreaterThan(after.indexOf('mandates'))
      await sql`alter table natural_persons add column added text references mandates (id)`.execute(database)
      await expect(tablesInOrder(database)).rejects.toThrow(/refer to each other: .*mandates/)
    })
  })
}
