import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createChallenges } from '../../../../src/login/methods/passkey/challenges.ts'
import { openSqliteArtifacts } from '../../../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../../../setup/temporary.ts'

it('a challenge is taken once, by its holder, for its purpose, within five minutes', async () => {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  const challenges = createChallenges(artifacts)
  const made = await challenges.issue('login', 'one')
  expect(Buffer.from(made, 'base64url')).toHaveLength(32)
  expect(await challenges.take('enrolment', 'one')).toBeUndefined()
  expect(await challenges.take('login', 'other')).toBeUndefined()
  forward(299_000)
  expect(await challenges.take('login', 'one')).toBe(made)
  expect(await challenges.take('login', 'one')).toBeUndefined()
  await challenges.issue('login', 'one')
  forward(300_001)
  expect(await challenges.take('login', 'one')).toBeUndefined()
  await artifacts.close()
})
