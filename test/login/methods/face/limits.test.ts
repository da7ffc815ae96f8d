import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { networksOf } from '../../../../src/config/address-networks.ts'
import { whereTyped, createFaceLimits, ofAccount } from '../../../../src/login/methods/face/face-limits.ts'
import { openSqliteArtifacts } from '../../../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../../../setup/temporary.ts'

const kiosk = (address: string) => ({ networks: networksOf(address) })
const one = (key: string) => [{ key, factor: 1 }]
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
  expect([await limits.failed(one('a')), await limits.failed(one('a')), await limits.blocked(one('a'))]).toEqual([
    false,
    false,
    false,
  ])
  forward(day - 1000)
  expect(await limits.failed(one('a'))).toBe(true)
  expect([await limits.failed(one('a')), await limits.blocked(one('a')), await limits.blocked(one('b'))]).toEqual([
    false,
    true,
    false,
  ])
  forward(day - 1)
  expect(await limits.blocked(one('a'))).toBe(true)
  forward(1)
  expect(await limits.blocked(one('a'))).toBe(false)
})

it('thirty are begun in ten minutes of one login, sixty identifiers typed at a kiosk in ten minutes', async () => {
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

it('a login is looked at six hundred times in ten minutes, which is once a second', async () => {
  const { limits, forward } = opened(3)
  for (let index = 0; index < 600; index += 1) expect(await limits.look('a')).toBe(true)
  expect([await limits.look('a'), await limits.look('b')]).toEqual([false, true])
  forward(600_001)
  expect(await limits.look('a')).toBe(true)
})

it('five failed ones within 24 hours close the way for 24 hours, and no longer', async () => {
  const { limits, forward } = opened(5)
  const fail = async (times: number) => {
    let closed = false
    for (let index = 0; index < times; index += 1) closed = await limits.failed(one('one'))
    return closed
  }
  expect(await fail(1)).toBe(false)
  forward(23 * hour)
  expect(await fail(3)).toBe(false)
  // a day after the first, and an hour after the others: the limit follows no calendar day
  forward(2 * hour)
  expect(await fail(1)).toBe(false)
  expect(await limits.blocked(one('one'))).toBe(false)
  expect(await fail(1)).toBe(true)
  expect([await limits.blocked(one('one')), await limits.blocked(one('other'))]).toEqual([true, false])
  forward(23 * hour)
  expect(await limits.blocked(one('one'))).toBe(true)
  forward(2 * hour)
  expect(await limits.blocked(one('one'))).toBe(false)
  expect(await fail(4)).toBe(false)
})

it('failures counted at once are all counted, and block once', async () => {
  const { limits } = opened(5)
  const all = await Promise.all(Array.from({ length: 8 }, () => limits.failed(one('one'))))
  expect(all.filter(Boolean)).toHaveLength(1)
  expect(await limits.blocked(one('one'))).toBe(true)
})

it('accounts share the larger sum of one number; a blocked account adds nothing to it', async () => {
  const { limits } = opened(5)
  for (let account = 0; account < 9; account += 1)
    for (let turn = 0; turn < 20; turn += 1) await limits.failed(ofAccount(`account${account}`, 'number'))
  expect(await limits.blocked(ofAccount('account0', 'number'))).toBe(true)
  expect(await limits.blocked(ofAccount('owner', 'number'))).toBe(false)
  for (let turn = 0; turn < 5; turn += 1) await limits.failed(ofAccount('account9', 'number'))
  expect(await limits.blocked(ofAccount('owner', 'number'))).toBe(true)
  // the proven holder has a count of their own
  expect(await limits.blocked(ofAccount('owner', undefined))).toBe(false)
})

it('what strangers type at one kiosk closes that kiosk to a person, and no other', async () => {
  const { limits } = opened(5)
  for (let turn = 0; turn < 100; turn += 1) await limits.failed(whereTyped('kiosk', 'owner', 'hall'))
  expect(await limits.blocked(whereTyped('kiosk', 'owner', 'hall'))).toBe(true)
  expect(await limits.blocked(whereTyped('kiosk', 'owner', 'library'))).toBe(false)
})

it('thirty captures with pictures are taken in a day', async () => {
  const { limits } = opened(5)
  for (let turn = 0; turn < 30; turn += 1) expect(await limits.capture(one('a'))).toBe(true)
  expect(await limits.spent(one('a'))).toBe(false)
  expect(await limits.capture(one('a'))).toBe(false)
  expect([await limits.spent(one('a')), await limits.spent(one('b'))]).toEqual([true, false])
})
