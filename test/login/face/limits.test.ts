import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createFaceLimits } from '../../../src/login/face/limits.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../../setup/temporary.ts'

const hour = 3_600_000

it('five failed ones within 24 hours close the way for 24 hours, and no longer', async () => {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  onTestFinished(() => artifacts.close())
  const limits = createFaceLimits({ artifacts, failures: 5 })
  const fail = async (times: number) => {
    let closed = false
    for (let index = 0; index < times; index += 1) closed = await limits.failed('one')
    return closed
  }
  expect(await fail(4)).toBe(false)
  forward(25 * hour)
  expect(await fail(4)).toBe(false)
  forward(23 * hour)
  expect(await limits.blocked('one')).toBe(false)
  expect(await fail(1)).toBe(true)
  expect([await limits.blocked('one'), await limits.blocked('other')]).toEqual([true, false])
  forward(23 * hour)
  expect(await limits.blocked('one')).toBe(true)
  forward(2 * hour)
  expect(await limits.blocked('one')).toBe(false)
  expect(await fail(4)).toBe(false)
})
