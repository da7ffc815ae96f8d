import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { createLimits, createWindow } from '../../src/storage/limits.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

function opened() {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  onTestFinished(() => artifacts.close())
  return { limits: createLimits(artifacts, clock), forward: (seconds: number) => forward(seconds * 1000) }
}

const limit = { name: 'tries', most: 3, seconds: 60 }

it('lets so many through, also at once, and says how long the rest wait', async () => {
  const { limits } = opened()
  const waits = await Promise.all(Array.from({ length: 10 }, () => limits.count(limit, 'a')))
  expect(waits.filter((wait) => wait === 0)).toHaveLength(3)
  for (const wait of waits.slice(3)) expect(wait).toBe(60)
  expect(await limits.count(limit, 'b')).toBe(0)
  await expect(limits.spend(limit, 'a')).rejects.toMatchObject({ code: 'too_many_requests', retryAfter: 60 })
})

it('makes who comes back at once wait twice as long, and forgets after a day', async () => {
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

it('tells of exactly one that it went over the limit, and who has to wait without counting', async () => {
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
    window.count(key)
    return window.wait(key)
  }
  expect([take('a'), take('a'), take('b')]).toEqual([0, 10, 0])
  forward(10_000)
  expect(take('a')).toBe(0)
})
