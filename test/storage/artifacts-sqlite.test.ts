import { join } from 'node:path'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { artifactsContract } from '../contract/artifacts.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

artifactsContract('SQLite', (clock) => {
  const file = join(temporaryDirectory(), 'artifacts.sqlite')
  return { one: openSqliteArtifacts(file, clock), other: openSqliteArtifacts(file, clock) }
})
