import { expect, it } from 'vitest'
import { keyColumnsOf, sealableTables } from '../../src/keys/sealed-columns.ts'
import { columnMarks } from '../../src/storage/schema.ts'

it.each(sealableTables)('the rows of $table are named by columns that it has', ({ table }) => {
  const columns = Object.keys(columnMarks[table as keyof typeof columnMarks])
  expect(columns).toEqual(expect.arrayContaining([...keyColumnsOf(table)]))
})
