import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { keepCheckpointing } from '../../src/storage/wal-checkpoints.ts'
import { openSqlite } from '../../src/storage/sqlite.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

it('copies the log back next to the writing thread, and restarts it', async () => {
  const file = join(temporaryDirectory(), 'store.sqlite')
  const sqlite = openSqlite(file)
  sqlite.exec('PRAGMA wal_autocheckpoint = 0; CREATE TABLE entries (text TEXT)')
  const failed = vi.fn<(error: unknown) => void>()
  const stop = keepCheckpointing([file], failed)
  onTestFinished(async () => {
    await stop()
    sqlite.close()
  })

  const write = (megabytes: number) => {
    const insert = sqlite.prepare('INSERT INTO entries VALUES (?)')
    for (let count = 0; count < megabytes; count += 1) insert.run('x'.repeat(1_000_000))
  }
  write(20)
  const logged = statSync(`${file}-wal`).size
  await vi.waitFor(() => expect(statSync(file).size).toBeGreaterThan(20_000_000), 45_000)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  write(5)
  expect(statSync(`${file}-wal`).size).toBe(logged)
  expect(sqlite.prepare('SELECT count(*) AS count FROM entries').get()).toEqual({ count: 25 })
  expect(failed).not.toHaveBeenCalled()
})
