import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newReference, type Referred } from '../../src/pages/reference.ts'
import { openRedisArtifacts } from '../../src/storage/artifacts-redis.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import type { Artifacts } from '../../src/storage/artifacts.ts'
import { createReasons, findReason, mostReasons } from '../../src/storage/reasons.ts'
import { cannotRun } from '../setup/parts.ts'
import { startRedis } from '../setup/redis.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const clock = () => Date.now()
const reason = (status: number, reference: string = newReference()): Referred => ({
  reference,
  at: '2026-11-30T00:00:00.000Z',
  method: 'GET',
  route: 'authorization',
  code: 'client_unknown',
  status,
})

describe.each([
  ['SQLite', async () => openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock), false],
  [
    'Redis',
    async () => openRedisArtifacts(`redis://127.0.0.1:${await startRedis()}`, clock, () => undefined),
    cannotRun('Redis'),
  ],
] as const)('reasons on %s', (_kind, open, missing) => {
  it.skipIf(missing)('strangers fill a ring of a fixed size, and push out no failure', async () => {
    const artifacts: Artifacts = await open()
    const [first, last, failure] = [reason(400), reason(400), reason(500)]
    const processes = [createReasons(artifacts), createReasons(artifacts)]
    const [one, other] = processes
    for (const early of [failure, first]) one?.keep(early)
    for (let sent = 0; sent < mostReasons + 50; sent += 500) {
      for (let index = 0; index < 250; index++) for (const each of processes) each.keep(reason(400))
      await Promise.all(processes.map((each) => each.stop()))
    }
    other?.keep(last)
    await other?.stop()
    expect(await artifacts.listGroup('reason', 'refused')).toHaveLength(mostReasons)
    expect(await findReason(artifacts, first.reference)).toBeUndefined()
    expect(await findReason(artifacts, last.reference)).toEqual(last)
    expect(await findReason(artifacts, failure.reference)).toEqual(failure)
    await artifacts.close()
  })
})

it('waits while the store is unavailable, and writes then', async () => {
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  let broken = true
  const reasons = createReasons({
    put: artifacts.put,
    increment: async (...given) => {
      if (broken) throw new Error('the store is unavailable')
      return artifacts.increment(...given)
    },
  })
  const kept = [reason(503), reason(400)]
  for (const one of kept) reasons.keep(one)
  await reasons.stop()
  expect(await findReason(artifacts, kept[0]?.reference ?? '')).toBeUndefined()
  broken = false
  await reasons.stop()
  for (const one of kept) expect(await findReason(artifacts, one.reference)).toEqual(one)
  await artifacts.close()
})
