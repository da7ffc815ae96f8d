import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { lightTransaction, openDatabase, type Database } from '../../src/storage/database.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

/** A disk that succeeds or fails only on command. */
function slowDisk() {
  const real = fs.fdatasync
  const asked: fs.NoParamCallback[] = []
  fs.fdatasync = Object.assign((_descriptor: number, done: fs.NoParamCallback) => void asked.push(done), real)
  syncBuiltinESMExports()
  onTestFinished(() => {
    fs.fdatasync = real
    syncBuiltinESMExports()
  })
  return {
    asked,
    answer: (error: NodeJS.ErrnoException | null = null) => asked.shift()?.(error),
  }
}

async function notes(): Promise<Database> {
  const database = openDatabase(join(temporaryDirectory(), 'store.sqlite'))
  await sql`create table notes (text text)`.execute(database)
  return database
}

const write = (database: Database, text: string) => sql`insert into notes values (${text})`.execute(database)
const read = async (database: Database) =>
  (await sql<{ text: string }>`select text from notes`.execute(database)).rows.map(({ text }) => text)

/** Whether the promise settles without the disk. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  const noted = () => {
    done = true
  }
  promise.then(noted, noted)
  for (let turns = 0; turns < 20; turns += 1) await turn()
  return done
}

it('answers a writer after the flush, while others read, write and share the next flush', async () => {
  const database = await notes()
  const disk = slowDisk()
  const first = write(database, 'first')
  expect(await settled(first)).toBe(false)
  expect(await read(database)).toEqual(['first'])

  // writes after the start of the flush: its result does not cover them
  const second = database.transaction().execute((transaction) => write(transaction, 'second'))
  const third = write(database, 'third')
  expect(await settled(second)).toBe(false)
  expect(disk.asked).toHaveLength(1)
  disk.answer()
  expect(await settled(first)).toBe(true)
  expect(await settled(Promise.race([second, third]))).toBe(false)
  expect(disk.asked).toHaveLength(1)
  disk.answer()
  await Promise.all([first, second, third])
  expect(await read(database)).toEqual(['first', 'second', 'third'])
  expect(disk.asked).toHaveLength(0)
  await database.destroy()
})

it('fails a write that the disk refused, and flushes again for the next', async () => {
  const database = await notes()
  const disk = slowDisk()
  const refused = write(database, 'lost').catch((error: unknown) => error)
  const behind = write(database, 'behind')
  expect(await settled(refused)).toBe(false)
  disk.answer(new Error('EIO: i/o error, fdatasync'))
  expect(await refused).toMatchObject({ message: 'EIO: i/o error, fdatasync' })
  expect(await settled(behind)).toBe(false)
  disk.answer()
  await behind
  await database.destroy()
})

it('does not flush for reads and light transactions', async () => {
  const database = await notes()
  const disk = slowDisk()
  await lightTransaction(database, async (transaction) => void (await write(transaction, 'light')))
  expect(await read(database)).toEqual(['light'])
  await database.transaction().execute((transaction) => read(transaction))
  expect(disk.asked).toHaveLength(0)
  // only the requesting transaction is light
  const heavy = write(database, 'heavy')
  expect(await settled(heavy)).toBe(false)
  disk.answer()
  await heavy
  await database.destroy()
})

it('returns written rows (RETURNING), also after the flush', async () => {
  const database = await notes()
  const disk = slowDisk()
  const written = sql<{ text: string }>`insert into notes values ('here') returning text`.execute(database)
  expect(await settled(written)).toBe(false)
  disk.answer()
  expect((await written).rows).toEqual([{ text: 'here' }])
  await database.destroy()
})

it('lends the connection in turns, also after an error', async () => {
  const database = await notes()
  const thrown = database.transaction().execute(async (transaction) => {
    await write(transaction, 'rolled back')
    throw new Error('changed my mind')
  })
  const order = [1, 2, 3].map((number) => write(database, String(number)))
  await expect(thrown).rejects.toThrow('changed my mind')
  await Promise.all(order)
  expect(await read(database)).toEqual(['1', '2', '3'])
  await database.destroy()
})
