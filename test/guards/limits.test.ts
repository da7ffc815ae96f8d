import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { networksOf } from '../../src/config/address-networks.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { createLimits } from '../../src/guards/limits.ts'
import { createWindow } from '../../src/guards/window.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

function opened() {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  onTestFinished(() => artifacts.close())
  return { limits: createLimits(artifacts, clock), forward: (seconds: number) => forward(seconds * 1000) }
}

const limit = { name: 'tries', most: 3, seconds: 60 }

it('allows the number, also at once, and returns the wait of the others', async () => {
  const { limits } = opened()
  const waits = await Promise.all(Array.from({ length: 10 }, () => limits.count(limit, 'a')))
  expect(waits.filter((wait) => wait === 0)).toHaveLength(3)
  for (const wait of waits.slice(3)) expect(wait).toBe(60)
  expect(await limits.count(limit, 'b')).toBe(0)
  await expect(limits.spend(limit, 'a')).rejects.toMatchObject({ code: 'too_many_requests', retryAfter: 60 })
})

it('doubles the wait after each breach, and forgets after a day', async () => {
  const { limits, forward } = opened()
  const exhaust = async () => {
    for (let index = 0; index < 3; index += 1) expect(await limits.count(limit, 'a')).toBe(0)
    return limits.count(limit, 'a')
  }
  expect(await exhaust()).toBe(60)
  forward(59)
  expect(await limits.count(limit, 'a')).toBe(1)
  forward(1)
  expect(await exhaust()).toBe(120)
  forward(61)
  expect(await limits.count(limit, 'a')).toBe(59)
  forward(59)
  expect(await exhaust()).toBe(240)
  forward(90_000)
  expect(await exhaust()).toBe(60)
})

it('reports exactly one breach, and the wait without counting', async () => {
  const { limits, forward } = opened()
  expect(await limits.waiting(limit, 'a')).toBe(0)
  const over = await Promise.all(Array.from({ length: 10 }, () => limits.exceeds(limit, 'a')))
  expect(over.filter(Boolean)).toHaveLength(1)
  expect(await limits.waiting(limit, 'a')).toBe(60)
  expect(await limits.exceeds(limit, 'a')).toBe(false)
  forward(60)
  expect(await limits.waiting(limit, 'a')).toBe(0)
  expect(await limits.exceeds({ ...limit, most: 0 }, 'b')).toBe(true)
})

it('counts a window in memory', () => {
  const { clock, forward } = handClock()
  const window = createWindow({ most: 2, seconds: 10, clock })
  const take = (key: string) => {
    window.count([{ key, factor: 1 }])
    return window.wait([{ key, factor: 1 }])
  }
  expect([take('a'), take('a'), take('b')]).toEqual([0, 10, 0])
  forward(10_000)
  expect(take('a')).toBe(0)
})

it('counts by networks of rising size, in store and memory, each with its own sum', async () => {
  const { limits } = opened()
  const from = (household: number) => networksOf(`2001:db8:0:${household.toString(16)}::1`)
  const window = createWindow({ most: 3, seconds: 10, clock: () => 0 })
  const [stored, counted] = [[] as number[], [] as number[]]
  // 64 networks (/64) in one /48, each within its own limit
  for (let household = 0; household < 64; household += 1) {
    for (let turn = 0; turn < 2; turn += 1) {
      stored.push(await limits.count(limit, from(household * 256)))
      counted.push(window.wait(from(household * 256)))
      if (counted.at(-1) === 0) window.count(from(household * 256))
    }
  }
  expect(stored.filter((wait) => wait === 0)).toHaveLength(3 * 16)
  expect(counted.filter((wait) => wait === 0)).toHaveLength(3 * 16)
  // the same in one /56, with four times the limit
  const near = await Promise.all(
    Array.from({ length: 40 }, (_, household) =>
      limits.count(limit, networksOf(`2001:db9::${household.toString(16)}:0:0:0:1`)),
    ),
  )
  expect(near.filter((wait) => wait === 0)).toHaveLength(3 * 4)
  expect(await limits.count(limit, networksOf('2001:db9:1::1'))).toBe(0)
})

it('does not count for a wider network what a narrower one refused', async () => {
  const { limits } = opened()
  for (let turn = 0; turn < 100; turn += 1) await limits.count(limit, networksOf('2001:db8::1'))
  expect(await limits.count(limit, networksOf('2001:db8:0:1::1'))).toBe(0)
})

it('counts on in memory with more keys than separate counts', () => {
  const window = createWindow({ most: 5, seconds: 10, clock: () => 0, mostKeys: 100 })
  for (let index = 0; index < 100; index += 1) window.count([{ key: `filler ${index}`, factor: 1 }])
  const late = [{ key: 'late', factor: 1 }]
  for (let index = 0; index < 5; index += 1) {
    expect(window.wait(late)).toBe(0)
    window.count(late)
  }
  expect(window.wait(late)).toBe(10)
  expect(window.wait([{ key: 'filler 7', factor: 1 }])).toBe(0)
})
