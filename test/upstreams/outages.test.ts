import { describe, expect, it } from 'vitest'
import { watchUpstreams } from '../../src/upstreams/outages.ts'
import type {
  UpstreamAnswer,
  UpstreamClient,
  UpstreamFailure,
  UpstreamStep,
} from '../../src/upstreams/upstream-client.ts'
import type { Upstream } from '../../src/upstreams/upstreams.ts'

const step = {} as UpstreamStep
const minuteMs = 60_000

/** Two upstreams whose answers a test sets, and a clock. */
function watchedPair() {
  let now = 1_000_000
  const failing = new Map<string, UpstreamFailure>()
  const checks = new Map<string, number>()
  const answer = async (id: string) => {
    const failure = failing.get(id)
    return failure === undefined ? { url: 'https://id.example/' } : { failure }
  }
  const clientOf = (id: string): UpstreamClient => ({
    upstream: { id } as Upstream,
    begin: () => answer(id),
    stateOf: () => undefined,
    identify: async () => (await answer(id)) as UpstreamAnswer,
    async check() {
      checks.set(id, (checks.get(id) ?? 0) + 1)
      const failure = failing.get(id)
      return failure === undefined ? { ok: true } : { ok: false, failure }
    },
  })
  const clients = new Map(['foshan', 'dongguan'].map((id) => [id, clientOf(id)]))
  const upstreams = watchUpstreams(
    { list: () => [...clients.values()].map((one) => one.upstream), client: (id) => clients.get(id) },
    () => now,
  )
  const pass = async (ms: number) => {
    for (const end = now + ms; now < end; now += 5000) await upstreams.checkDue()
  }
  return { upstreams, failing, checks, pass, clients }
}

describe('outages of upstreams', () => {
  it('a check shows an outage within a minute, of this upstream alone, and its end within ten seconds', async () => {
    const { upstreams, failing, pass } = watchedPair()
    await pass(minuteMs)
    expect(upstreams.isDown('foshan')).toBe(false)
    failing.set('foshan', 'unavailable')
    await pass(minuteMs + 5000)
    expect([upstreams.isDown('foshan'), upstreams.isDown('dongguan')]).toEqual([true, false])
    failing.delete('foshan')
    await pass(15_000)
    expect(upstreams.isDown('foshan')).toBe(false)
  })

  it.each(['begin', 'identify'] as const)(
    'a failed %s brings the check forward, and the check decides',
    async (call) => {
      const { upstreams, failing, checks, pass } = watchedPair()
      await pass(15_000)
      failing.set('foshan', 'unavailable')
      await upstreams.client('foshan')?.[call](step, {})
      expect(upstreams.isDown('foshan')).toBe(false)
      await pass(10_000)
      expect(upstreams.isDown('foshan')).toBe(true)
      expect(checks.get('dongguan')).toBe(1)
    },
  )

  it('what one visitor sends shows no outage to others, however often', async () => {
    const { upstreams, failing, checks, pass } = watchedPair()
    await pass(15_000)
    for (let times = 0; times < 100; times += 1) {
      failing.set('foshan', 'unavailable')
      await upstreams.client('foshan')?.identify(step, { code: 'one that makes it stumble' })
      failing.delete('foshan')
      await pass(5000)
      expect(upstreams.isDown('foshan')).toBe(false)
    }
    // 500 seconds: never more often than each ten seconds
    expect(checks.get('foshan')).toBeLessThanOrEqual(52)
  })

  it.each(['declined', 'code_refused', 'answer_invalid'] as const)('%s is no outage', async (failure) => {
    const { upstreams, failing, pass } = watchedPair()
    failing.set('foshan', failure)
    await upstreams.client('foshan')?.begin(step)
    await pass(2 * minuteMs)
    expect(upstreams.isDown('foshan')).toBe(false)
  })

  it('a wrong registration is an outage: no person can sign in there', async () => {
    const { upstreams, failing, pass } = watchedPair()
    failing.set('foshan', 'misconfigured')
    await pass(5000)
    expect(upstreams.isDown('foshan')).toBe(true)
  })

  it('an upstream that was taken out is neither asked nor down', async () => {
    const { upstreams, checks, clients, pass } = watchedPair()
    clients.delete('foshan')
    await pass(minuteMs)
    expect(checks.has('foshan')).toBe(false)
    expect([upstreams.client('foshan'), upstreams.isDown('foshan')]).toEqual([undefined, false])
  })
})
