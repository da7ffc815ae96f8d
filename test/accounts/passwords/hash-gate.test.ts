import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHashGate, lines, type Line } from '../../../src/accounts/passwords/hash-gate.ts'
import { Refusal } from '../../../src/refusal/refusal.ts'

/** Work that runs until it is released. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const state = { started: false }
  return { state, resolve, reject, work: () => ((state.started = true), promise) }
}

/** The draw always refuses the last one. */
const draw = (below: number) => below - 1
const each = (many: number) => ({ known: many, quiet: many, noisy: many })

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the gate before argon2', () => {
  it('runs a limited number at a time, in order of arrival, and is busy when the queue is full', async () => {
    const gate = createHashGate({ concurrent: 2, waiting: each(3), draw })
    const works = Array.from({ length: 5 }, held)
    const done = works.map(({ work }) => gate(work))
    const started = () => works.map(({ state }) => state.started)
    await turn()
    expect(started()).toEqual([true, true, false, false, false])

    const busy = await gate(held().work).catch((error: unknown) => error)
    expect(busy).toBeInstanceOf(Refusal)
    expect(busy).toMatchObject({ code: 'busy', status: 503 })

    works[1]?.resolve('second')
    await turn()
    expect(started()).toEqual([true, true, true, false, false])
    works[0]?.reject(new Error('broken'))
    await expect(done[0]).rejects.toThrow('broken')
    expect(started()).toEqual([true, true, true, true, false])
    for (const { resolve } of works) resolve('done')
    expect(await Promise.all(done.slice(1))).toEqual(['second', 'done', 'done', 'done'])
    expect(await gate(async () => 'again')).toBe('again')
  })

  it('serves known browsers first, then quiet strangers, and every fourth time the longest waiting one', async () => {
    const gate = createHashGate({ concurrent: 1, waiting: each(10) })
    const first = held()
    const running = gate(first.work, 'noisy')
    const served: string[] = []
    const wait = (name: string, line: Line) => gate(async () => void served.push(name), line)
    const all = [
      wait('n1', 'noisy'),
      wait('n2', 'noisy'),
      wait('q1', 'quiet'),
      wait('q2', 'quiet'),
      wait('q3', 'quiet'),
    ]
    all.push(wait('k1', 'known'), wait('k2', 'known'))
    expect(gate.load()).toEqual({ running: 1, waiting: 7 })
    first.resolve('done')
    await Promise.all([running, ...all])
    expect(served).toEqual(['k1', 'k2', 'q1', 'n1', 'q2', 'q3', 'n2'])
  })

  it('is busy for strangers while known browsers still get a place', async () => {
    const gate = createHashGate({ concurrent: 1, waiting: { known: 2, quiet: 1, noisy: 1 }, draw })
    const first = held()
    const all = [gate(first.work)]
    const come = (line: Line) => all.push(gate(async () => line, line))
    for (const line of lines) come(line)
    await expect(gate(async () => '', 'quiet')).rejects.toMatchObject({ code: 'busy' })
    await expect(gate(async () => '', 'noisy')).rejects.toMatchObject({ code: 'busy' })
    come('known')
    await expect(gate(async () => '', 'known')).rejects.toMatchObject({ code: 'busy' })
    first.resolve('done')
    expect(await Promise.all(all)).toEqual(['done', 'known', 'quiet', 'noisy', 'known'])
  })

  it('gives a late request in a flood the same chance as an early one', async () => {
    const rounds = 200
    const times = { early: 0, late: 0 }
    for (let round = 0; round < rounds; round += 1) {
      const gate = createHashGate({ concurrent: 1, waiting: each(10) })
      const first = held()
      const running = gate(first.work)
      const served = Array.from({ length: 20 }, () => gate(async () => 1).catch(() => 0))
      first.resolve('done')
      const all = await Promise.all(served)
      await running
      times.early += (all[0] ?? 0) + (all[1] ?? 0)
      times.late += (all[18] ?? 0) + (all[19] ?? 0)
      expect(all.filter((one) => one === 1)).toHaveLength(10)
    }
    // the first of 20 survives ten draws of one in eleven each (0.39), the last needs one (0.91)
    expect(times.early / rounds / 2).toBeGreaterThan(0.25)
    expect(times.late / rounds / 2).toBeGreaterThan(0.75)
  })

  it('releases its place also when work throws before it begins', async () => {
    const gate = createHashGate({ concurrent: 1, waiting: each(0) })
    const broken = () =>
      gate(() => {
        throw new Error('at once')
      })
    await expect(broken()).rejects.toThrow('at once')
    await expect(broken()).rejects.toThrow('at once')
    expect(await gate(async () => 1)).toBe(1)
  })

  it('never runs more than its limit, for any order of arrival and end', async () => {
    const arrivals = fc.array(
      fc.record({ turns: fc.nat(4), fails: fc.boolean(), pause: fc.boolean(), line: fc.constantFrom(...lines) }),
      {
        maxLength: 40,
      },
    )
    await fc.assert(
      fc.asyncProperty(arrivals, fc.integer({ min: 1, max: 3 }), fc.nat(5), async (works, concurrent, waiting) => {
        const gate = createHashGate({ concurrent, waiting: each(waiting) })
        let running = 0
        let most = 0
        const ends: Promise<unknown>[] = []
        for (const { turns, fails, pause, line } of works) {
          const work = async () => {
            most = Math.max(most, (running += 1))
            for (let left = turns; left > 0; left -= 1) await turn()
            running -= 1
            if (fails) throw new Error('failed')
          }
          ends.push(gate(work, line).catch((error: Error) => error.message))
          if (pause) await turn()
        }
        await Promise.all(ends)
        expect(most).toBeLessThanOrEqual(concurrent)
        expect(running).toBe(0)
        expect(await Promise.all(Array.from({ length: concurrent }, () => gate(async () => 'in')))).toContain('in')
      }),
      { numRuns: 100 },
    )
  })
})
