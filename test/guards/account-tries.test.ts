import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { NaturalPerson } from '../../src/accounts/natural-persons.ts'
import type { Line } from '../../src/accounts/passwords/hash-gate.ts'
import { networksOf } from '../../src/config/address-networks.ts'
import { readSettings } from '../../src/config/settings.ts'
import { createAccountTries } from '../../src/guards/account-tries.ts'
import type { RequestContext } from '../../src/pages/request-context.ts'
import { Refusal } from '../../src/refusal/refusal.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

const kinds = ['password-tries', 'recovery-tries'] as const
const minute = 60_000
/** How the same person may be named. */
const names = ['anna', '13800138000', '440300195603120018'] as const
const settings = readSettings({ YIDENG_ADDRESS_TRIES: '20' })

interface Try {
  browser: string
  address: string
  identifier: string
  right?: boolean
}

/** Anna's account and its tries; `known` are the browsers she signed in with before. */
function world(kind: (typeof kinds)[number], { account = true, known = ['hers'] as readonly string[] } = {}) {
  const { clock, forward } = handClock()
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  onTestFinished(() => artifacts.close())
  const tries = createAccountTries({
    kind,
    artifacts,
    devices: {
      keyOf: (cookie) => cookie,
      firstSeenAt: async (person, key) => (person === 'id of anna' && known.includes(key) ? 1 : undefined),
    },
    blindIndex: (of, value) => `${of} ${value}`,
    limits: settings.limits,
    clock,
  })
  const anna = { id: 'id of anna' } as NaturalPerson
  const said: Line[] = []

  /** What the browser is told: `in`, or how it is refused. */
  async function make({ browser, address, identifier, right = false }: Try): Promise<string> {
    const request = { networks: networksOf(address), deviceBefore: browser } as unknown as RequestContext
    const person = account && (names as readonly string[]).includes(identifier) ? anna : undefined
    try {
      const tried = await tries.make(request, { identifier, person }, async (line) => {
        said.push(line)
        return right || undefined
      })
      if (!tried.result) return tried.waitMs > 0 ? `wait ${tried.waitMs / minute}` : 'wrong'
      await tried.forget()
      return 'in'
    } catch (error) {
      if (error instanceof Refusal) return `network ${error.retryAfter}`
      throw error
    }
  }
  async function makeAll(all: readonly Try[]): Promise<string[]> {
    const told = []
    for (const one of all) told.push(await make(one))
    return told
  }
  return { make, makeAll, forward, said }
}

const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8:0:1::1')
const someTry = (browsers: readonly string[]) =>
  fc.record({
    browser: fc.constantFrom(...browsers),
    address,
    identifier: fc.constantFrom(...names, 'nobody'),
  })

/** Bursts of the same, or few limits would be reached. */
const someTries = (browsers: readonly string[]) =>
  fc
    .array(fc.tuple(someTry(browsers), fc.integer({ min: 1, max: 7 })), { maxLength: 14 })
    .map((bursts) => bursts.flatMap(([one, times]) => Array.from({ length: times }, () => one)))

describe.each(kinds)('tries of an account: %s', (kind) => {
  it('let the person in from their own browser, however they name themselves and whatever strangers burnt', async () => {
    const strangers = someTries(['', 'stranger', 'another'])
    await fc.assert(
      fc.asyncProperty(
        strangers,
        fc.array(fc.constantFrom(...names), { maxLength: 5 }),
        address,
        async (all, own, at) => {
          const { make, makeAll } = world(kind)
          await makeAll(all)
          // and five own mistakes
          await makeAll(own.map((identifier) => ({ browser: 'hers', address: at, identifier })))
          for (const identifier of names)
            expect(await make({ browser: 'hers', address: at, identifier, right: true })).toBe('in')
        },
      ),
      { numRuns: 40 },
    )
  })

  it('tell a wrong one the same, whether there is an account and whether it knows the browser', async () => {
    await fc.assert(
      fc.asyncProperty(someTries(['', 'hers', 'stranger']), async (all) => {
        const hers = world(kind)
        const told = await hers.makeAll(all)
        for (const other of [world(kind, { known: [] }), world(kind, { account: false })]) {
          expect(await other.makeAll(all)).toEqual(told)
          // nor by the work, as long as the network does not wait
          if (!told.some((one) => one.startsWith('network'))) expect(other.said).toHaveLength(hers.said.length)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('hold a stranger with the right one while strangers wait, under every name, and count a known browser too', async () => {
    const { make, makeAll, forward } = world(kind)
    const wrong = (browser: string): Try[] =>
      Array.from({ length: 7 }, () => ({ browser, address: '192.0.2.1', identifier: 'anna' }))
    expect(await makeAll(wrong('stranger'))).toEqual([...Array.from({ length: 6 }, () => 'wrong'), 'wait 15'])
    const right = { address: '192.0.2.2', right: true }
    expect(await make({ ...right, browser: 'stranger', identifier: 'anna' })).toBe('wait 15')
    expect(await make({ ...right, browser: 'stranger', identifier: '13800138000' })).toBe('wrong')
    expect(await make({ ...right, browser: 'hers', identifier: 'anna' })).toBe('in')
    // her being let in frees no stranger
    expect(await make({ ...right, browser: 'stranger', identifier: 'anna' })).toBe('wait 15')
    // seven wrong in her own browser: it waits as well
    await makeAll(wrong('hers'))
    expect(await make({ ...right, browser: 'hers', identifier: 'anna' })).toBe('wait 15')
    forward(15 * minute)
    expect(await make({ ...right, browser: 'stranger', identifier: 'anna' })).toBe('in')
  })

  it('let nobody guess more often by asking at once, in her own browser neither', async () => {
    const { make, said } = world(kind)
    const guess = (browser: string) => make({ browser, address: '192.0.2.1', identifier: 'anna', right: true })
    for (const browser of ['stranger', 'hers']) {
      const wrong = Array.from({ length: 6 }, () => make({ browser, address: '192.0.2.9', identifier: 'anna' }))
      await Promise.all(wrong)
    }
    expect(await Promise.all([guess('stranger'), guess('hers')])).not.toContain('in')
    expect(said.length).toBeGreaterThan(6)
  })

  it('keep the network’s limit from the neighbour’s own browser, which has one by itself', async () => {
    const { make, makeAll } = world(kind)
    const neighbour = (index: number) => ({ browser: 'neighbour', address: '192.0.2.1', identifier: `nobody${index}` })
    const told = await makeAll(Array.from({ length: 22 }, (_, index) => neighbour(index)))
    expect(told.slice(20)).toEqual(['network 600', 'network 600'])
    const here = { browser: 'hers', address: '192.0.2.1', identifier: 'anna' }
    expect(await make(here)).toBe('network 600')
    for (let turn = 0; turn < 59; turn += 1) expect(await make({ ...here, right: true })).toBe('in')
    expect(await make({ ...here, right: true })).toBe('network 600')
    expect(await make({ ...here, browser: 'stranger', right: true })).toBe('network 600')
  })

  it('let known browsers compare first, then those of whom nothing wrong was tried lately', async () => {
    const { makeAll, said } = world(kind)
    const stranger = { browser: '', address: '192.0.2.1', identifier: 'anna' }
    await makeAll([stranger, stranger, { ...stranger, browser: 'hers' }, { ...stranger, identifier: 'nobody' }])
    expect(said).toEqual(['quiet', 'noisy', 'known', 'quiet'])
  })
})
