import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { createSprayThrottle, type SprayThrottle } from '../../../../src/login/methods/password/spray-throttle.ts'
import type { Artifacts } from '../../../../src/storage/artifacts.ts'
import { openSqliteArtifacts } from '../../../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../../../setup/temporary.ts'

const from = (network: string) => ({ networks: [{ key: network, factor: 1 }] })

let artifacts: Artifacts
let throttle: SprayThrottle
let clock: ReturnType<typeof handClock>
let told: string[]

beforeEach(() => {
  clock = handClock()
  told = []
  artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock.clock)
  throttle = createSprayThrottle({
    artifacts,
    audit: { record: async ({ event }) => void told.push(event) },
    blindIndex: (kind, value) => `${kind} ${value}`,
    addressTries: 300,
    clock: clock.clock,
  })
})

/** This many in the window; the throttle counts the last one. */
async function wrong(times: number) {
  const window = Math.floor(clock.clock() / 600_000)
  await artifacts.put('password-house', `wrong-${window}`, String(times - 1), { ttl: 600 })
  await throttle.tried(false)
}

/** How many tries a network has, of 400. */
async function triesOf(network: string) {
  const waits = await Promise.all(Array.from({ length: 400 }, () => throttle.wait(from(network))))
  return waits.filter((wait) => wait === 0).length
}

it('halves the tries of a network each time the wrong passwords double, down to a minimum', async () => {
  await wrong(600)
  expect(await triesOf('a')).toBe(400)
  expect(told).toEqual([])
  await wrong(601)
  expect(await triesOf('b')).toBe(150)
  await wrong(1201)
  expect(await triesOf('c')).toBe(75)
  await wrong(24_000)
  expect(await triesOf('d')).toBe(5)
  expect(await throttle.wait(from('d'))).toBe(600)
  expect(told).toEqual(['house.braked'])
  clock.forward(600_000)
  expect(await triesOf('e')).toBe(400)
})

it('takes more wrong passwords for an attack only where there are more than right ones', async () => {
  await Promise.all(Array.from({ length: 700 }, () => throttle.tried(true)))
  await wrong(700)
  expect(await triesOf('a')).toBe(400)
  await wrong(701)
  expect(await triesOf('a')).toBe(150)
})
