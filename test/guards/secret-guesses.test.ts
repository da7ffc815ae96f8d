import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { createSecretGuesses, type SecretGuesses } from '../../src/guards/secret-guesses.ts'
import type { RequestContext } from '../../src/pages/request-context.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { createLimits } from '../../src/guards/limits.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

const from = (network: string) =>
  ({ network, networks: [{ key: network, factor: 1 }], address: network, browser: '' }) as unknown as RequestContext

let clock: ReturnType<typeof handClock>
let told: unknown[]
/** The guard of another process on the same store. */
let another: () => SecretGuesses
let guesses: SecretGuesses

beforeEach(() => {
  clock = handClock()
  told = []
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock.clock)
  another = () =>
    createSecretGuesses({
      limits: createLimits(artifacts, clock.clock),
      blindIndex: (kind, value) => `${kind} ${value}`,
      audit: { record: async ({ details }: { details: unknown }) => void told.push(details) } as never,
      clock: clock.clock,
    })
  guesses = another()
})

async function wrong(times: number, network: string) {
  for (let turn = 0; turn < times; turn += 1) await guesses.wrong('portal', from(network))
  return guesses.wait('portal', from(network))
}

it('allows one network twenty failures a minute, then waits that double up to five minutes', async () => {
  expect(await wrong(20, 'a')).toBe(0)
  const waits = []
  for (let round = 0; round < 4; round += 1) {
    waits.push(await wrong(21, 'a'))
    clock.forward(300_001)
  }
  expect(waits).toEqual([60, 120, 240, 300])
  expect(told).toEqual(Array.from({ length: 4 }, () => ({ everywhere: false })))
  expect(guesses.wait('portal', from('a'))).toBe(0)
})

it('limits this network for this portal only, in each process from its next wrong secret', async () => {
  expect(await wrong(21, 'a')).toBe(60)
  expect(guesses.wait('portal', from('b'))).toBe(0)
  expect(guesses.wait('other', from('a'))).toBe(0)
  const elsewhere = another()
  await elsewhere.wrong('portal', from('a'))
  expect(elsewhere.wait('portal', from('a'))).toBe(60)
  expect(told).toHaveLength(1)
})

it('exempts the portal’s own network for an hour', async () => {
  guesses.right('portal', from('a'))
  expect(await wrong(100, 'a')).toBe(0)
  clock.forward(3_600_000)
  expect(await wrong(21, 'a')).toBe(60)
})

it('allows each network three failures while many networks guess, with one audit entry', async () => {
  for (let network = 0; network < 11; network += 1) expect(await wrong(19, `n${network}`)).toBe(network < 10 ? 0 : 60)
  expect(await wrong(3, 'a')).toBe(0)
  expect(await wrong(1, 'a')).toBe(60)
  expect(told).toEqual([{ everywhere: true }])
  expect(guesses.wait('portal', from('b'))).toBe(0)
})
