import { stat } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { createArtifactCache } from '../../src/storage/artifact-cache.ts'
import { openSqlite } from '../../src/storage/sqlite.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

it('shows no value older than another process’s write before the request', async () => {
  const file = join(temporaryDirectory(), 'artifacts.sqlite')
  const ours = openSqlite(file)
  const other = new DatabaseSync(file)
  other.exec('CREATE TABLE written (at INTEGER)')
  const cache = createArtifactCache(ours)
  const session = { kind: 'Session', id: 's', value: '{}', expiresAt: 1, alias: null }
  const found: unknown[] = []
  for (let round = 0; round < 20; round += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        cache.keep(session)
        expect(cache.get('Session', 's')).toBeDefined()
        // the next request arrives before the next setImmediate
        stat(file, () => {
          other.exec('INSERT INTO written VALUES (1)')
          cache.renew()
          found.push(cache.get('Session', 's'))
          resolve()
        })
      })
    })
  }
  expect(found.filter((one) => one !== undefined)).toEqual([])
  ours.close()
  other.close()
})
