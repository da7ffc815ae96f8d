import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { artifactsContract } from '../contract/artifacts.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

artifactsContract('SQLite', async (clock) => {
  const file = join(temporaryDirectory(), 'artifacts.sqlite')
  return { one: openSqliteArtifacts(file, clock), other: openSqliteArtifacts(file, clock) }
})

it('returns the number of swept artifacts', async () => {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  await artifacts.put('code', 'a', '1', { ttl: 60 })
  await artifacts.put('code', 'b', '1', { ttl: 10 })
  forward(10_000)
  expect(await artifacts.sweep()).toBe(1)
})
