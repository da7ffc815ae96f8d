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
/** Identifiers of the same person. */
const names = ['anna', '13800138000', '440300195603120018'] as const
const settings = readSettings({ YIDENG_ADDRESS_TRIES: '20' })

interface Try {
  browser: string
  address: string
  identifier: string
  right?: boolean
}

/** Anna's account and its limits; `known` are browsers of her earlier sign-ins. */
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

  /** The answer to the browser: `in`, or the refusal. */
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

/** Repeats attempts, to reach limits often. */
const someTries = (browsers: readonly string[]) =>
  fc
    .array(fc.tuple(someTry(browsers), fc.integer({ min: 1, max: 7 })), { maxLength: 14 })
    .map((bursts) => bursts.flatMap(([one, times]) => Array.from({ length: times }, () => one)))

describe.each(kinds)('attempts at an account: %s', (kind) => {
  it('admit the person in a known browser, under any identifier, after strangers used up the limit', async () => {
    const strangers = someTries(['', 'stranger', 'another'])
    await fc.assert(
      fc.asyncProperty(
        strangers,
        fc.array(fc.constantFrom(...names), { maxLength: 5 }),
        address,
        async (all, own, at) => {
          const { make, makeAll } = world(kind)
          await makeAll(all)
          // and five mistakes of her own
          await makeAll(own.map((identifier) => ({ browser: 'hers', address: at, identifier })))
          for (const identifier of names)
            expect(await make({ browser: 'hers', address: at, identifier, right: true })).toBe('in')
        },
      ),
      { numRuns: 40 },
    )
  })

  it('answer a wrong secret equally with or without an account or a known browser', async () => {
    await fc.assert(
      fc.asyncProperty(someTries(['', 'hers', 'stranger']), async (all) => {
        const hers = world(kind)
        const told = await hers.makeAll(all)
        for (const other of [world(kind, { known: [] }), world(kind, { account: false })]) {
          expect(await other.makeAll(all)).toEqual(told)
          // nor does the work differ while the network does not wait
          if (!told.some((one) => one.startsWith('network'))) expect(other.said).toHaveLength(hers.said.length)
        }
      }),
      { numRuns: 40 },
    )
  })

  it('hold a stranger’s correct secret while strangers wait, and count a known browser as well', async () => {
    const { make, makeAll, forward } = world(kind)
    const wrong = (browser: string): Try[] =>
      Array.from({ length: 7 }, () => ({ browser, address: '192.0.2.1', identifier: 'anna' }))
    expect(await makeAll(wrong('stranger'))).toEqual([...Array.from({ length: 6 }, () => 'wrong'), 'wait 15'])
    const right = { address: '192.0.2.2', right: true }
    expect(await make({ ...right, browser: 'stranger', identifier: 'anna' })).toBe('wait 15')
    expect(await make({ ...right, browser: 'stranger', identifier: '13800138000' })).toBe('wrong')
    expect(await make({ ...right, browser: 'hers', identifier: 'anna' })).toBe('in')
    // her sign-in does not clear a stranger's count
    expect(await make({ ...right, browser: 'stranger', identifier: 'anna' })).toBe('wait 15')
    // seven wrong attempts in her own browser: it waits as well
    await makeAll(wrong('hers'))
    expect(await make({ ...right, browser: 'hers', identifier: 'anna' })).toBe('wait 15')
    forward(15 * minute)
    expect(await make({ ...right, browser: 'stranger', identifier: 'anna' })).toBe('in')
  })

  it('do not allow extra guesses by parallel attempts, not in a known browser either', async () => {
    const { make, said } = world(kind)
    const guess = (browser: string) => make({ browser, address: '192.0.2.1', identifier: 'anna', right: true })
    for (const browser of ['stranger', 'hers']) {
      const wrong = Array.from({ length: 6 }, () => make({ browser, address: '192.0.2.9', identifier: 'anna' }))
      await Promise.all(wrong)
    }
    expect(await Promise.all([guess('stranger'), guess('hers')])).not.toContain('in')
    expect(said.length).toBeGreaterThan(6)
  })

  it('give a known browser its own limit when its network has to wait', async () => {
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

  it('compare known browsers first, then accounts without recent wrong attempts', async () => {
    const { makeAll, said } = world(kind)
    const stranger = { browser: '', address: '192.0.2.1', identifier: 'anna' }
    await makeAll([stranger, stranger, { ...stranger, browser: 'hers' }, { ...stranger, identifier: 'nobody' }])
    expect(said).toEqual(['quiet', 'noisy', 'known', 'quiet'])
  })
})
