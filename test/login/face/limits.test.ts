import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { networksOf } from '../../../src/config/address-networks.ts'
import { createFaceLimits } from '../../../src/login/face/limits.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../../setup/temporary.ts'

const kiosk = (address: string) => ({ networks: networksOf(address) })
const hour = 3_600_000
const day = 24 * hour

function opened(failures: number) {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  onTestFinished(() => artifacts.close())
  const blindIndex = (kind: string, value: string) => `${kind} ${value}`
  return { forward, limits: createFaceLimits({ artifacts, blindIndex, failures, clock }) }
}

it('the third failure of a day blocks for a day, once, and that account alone', async () => {
  const { limits, forward } = opened(3)
  expect([await limits.failed('a'), await limits.failed('a'), await limits.blocked('a')]).toEqual([false, false, false])
  forward(day - 1000)
  expect(await limits.failed('a')).toBe(true)
  expect([await limits.failed('a'), await limits.blocked('a'), await limits.blocked('b')]).toEqual([false, true, false])
  forward(day - 1)
  expect(await limits.blocked('a')).toBe(true)
  forward(1)
  expect(await limits.blocked('a')).toBe(false)
})

it('thirty are begun in a day, sixty identifiers typed at a kiosk in ten minutes', async () => {
  const { limits } = opened(3)
  for (let index = 0; index < 30; index += 1) expect(await limits.begin('a')).toBe(true)
  expect([await limits.begin('a'), await limits.begin('b')]).toEqual([false, true])
  for (let index = 0; index < 60; index += 1) await limits.identify(kiosk('203.0.113.1'))
  await expect(limits.identify(kiosk('203.0.113.1'))).rejects.toMatchObject({
    code: 'too_many_requests',
    retryAfter: 600,
  })
  await limits.identify(kiosk('203.0.113.2'))
})

it('five failed ones within 24 hours close the way for 24 hours, and no longer', async () => {
  const { limits, forward } = opened(5)
  const fail = async (times: number) => {
    let closed = false
    for (let index = 0; index < times; index += 1) closed = await limits.failed('one')
    return closed
  }
  expect(await fail(1)).toBe(false)
  forward(23 * hour)
  expect(await fail(3)).toBe(false)
  // a day after the first, and an hour after the others: no day of a calendar of ours begins anew
  forward(2 * hour)
  expect(await fail(1)).toBe(false)
  expect(await limits.blocked('one')).toBe(false)
  expect(await fail(1)).toBe(true)
  expect([await limits.blocked('one'), await limits.blocked('other')]).toEqual([true, false])
  forward(23 * hour)
  expect(await limits.blocked('one')).toBe(true)
  forward(2 * hour)
  expect(await limits.blocked('one')).toBe(false)
  expect(await fail(4)).toBe(false)
})

it('failures counted at once are all counted, and block once', async () => {
  const { limits } = opened(5)
  const all = await Promise.all(Array.from({ length: 8 }, () => limits.failed('one')))
  expect(all.filter(Boolean)).toHaveLength(1)
  expect(await limits.blocked('one')).toBe(true)
})
