import { describe, expect, it } from 'vitest'
import { loadAfter, type Load } from '../../src/http/admission.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('the share of new sign-ins that is refused', () => {
  const busyMs = 250
  const idle: Load = { lateMs: 0, share: 0 }
  /** Seconds of looks at a loop that is `late` milliseconds late at each share. */
  function run(from: Load, seconds: number, late: (share: number) => number): Load {
    let load = from
    for (let passed = 0; passed < seconds * 1000;) {
      const lateMs = late(load.share)
      load = loadAfter(load, { lateMs, elapsedMs: 50 + lateMs, busyMs })
      passed += 50 + lateMs
    }
    return load
  }

  it('is none for a loop within its bound, and for one long stop', () => {
    expect(run(idle, 60, () => 200).share).toBe(0)
    const stopped = loadAfter(idle, { lateMs: 60_000, elapsedMs: 60_050, busyMs })
    expect(stopped.share).toBe(0)
    expect(run(stopped, 1, () => 5).share).toBe(0)
  })

  it('settles where the loop is at its bound: twice the work that fits loses about half of its beginnings', () => {
    // lateness grows with the work that is let in, over the half that fits
    const late = (share: number) => Math.max(0, (1 - share) / 0.5 - 0.9) * 2500
    const settled = run(idle, 60, late)
    expect(settled.share).toBeGreaterThan(0.4)
    expect(settled.share).toBeLessThan(0.6)
  })

  it('never reaches all, and is none again within 10 s after the work has ended', () => {
    const most = run(idle, 60, () => 5000)
    expect(most.share).toBe(0.95)
    expect(run(most, 10, () => 2).share).toBe(0)
  })
})

describe('a process that is too busy', () => {
  it('refuses new sign-ins with a way on, ends those under way, and takes all again', async () => {
    const server = await startServer({ YIDENG_BUSY_MS: '500' })
    const services = await server.services()
    const person = await openPerson(services)
    const portal = await registerPortal(services, { consent: 'implicit' })
    const series = async (name: string) => {
      const text = await (await fetch(`${server.issuer}/metrics`)).text()
      return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
    }
    await until(async () => (await series('yideng_beginnings_refused_share')) === 0)
    const visitor = new Visitor(server.issuer)
    const begun = await visitor.get((await portal.begin()).url)
    expect(begun.status).toBe(200)

    const ends = new AbortController()
    const making = (async () => {
      while (!ends.signal.aborted) {
        process.kill(server.pid(), 'SIGSTOP')
        await wait(1500)
        process.kill(server.pid(), 'SIGCONT')
        await wait(30)
      }
    })()
    const asked: { status: number; retryAfter: number; html: string }[] = []
    const refused = () => asked.filter(({ status }) => status === 503)
    await until(async () => {
      const answer = await fetch((await portal.begin()).url, { redirect: 'manual', headers: { accept: 'text/html' } })
      asked.push({
        status: answer.status,
        retryAfter: Number(answer.headers.get('retry-after')),
        html: await answer.text(),
      })
      return refused().length >= 5
    })
    const entered = await signIn(visitor, begun, person.username)
    ends.abort()
    await making

    expect(entered.leads?.searchParams.get('code')).toBeTruthy()
    for (const { retryAfter, html } of refused()) {
      expect(retryAfter).toBeGreaterThanOrEqual(5)
      expect(retryAfter).toBeLessThanOrEqual(30)
      expect(html).toContain('现在用的人很多')
    }
    expect(new Set(refused().map(({ retryAfter }) => retryAfter)).size).toBeGreaterThan(1)
    expect(await series('yideng_beginnings_refused_total')).toBeGreaterThanOrEqual(5)
    await until(async () => (await series('yideng_beginnings_refused_share')) === 0)
    expect((await fetch((await portal.begin()).url, { redirect: 'manual' })).status).toBe(303)
  })
})
