import { expect, it } from 'vitest'
import { signIn } from '../setup/person.ts'
import { startServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { ailments, enterAgain, enter, gather, manyFromHere, signInMany } from './people.ts'

const atOnce = 150
const everyMs = 20

/** Median and maximum of the measurements. */
function spread(times: number[]): { middle: number; longest: number } {
  const sorted = times.toSorted((one, other) => one - other)
  return { middle: sorted[Math.floor(sorted.length / 2)] ?? 0, longest: sorted.at(-1) ?? 0 }
}

it('above the rate of password hashes: 503 and Retry-After for passwords, other requests work', async () => {
  const server = await startServer(manyFromHere)
  const crowd = await gather(server)
  const before = await enter(crowd, crowd.usernames[0] ?? '')
  const flood = await Promise.all(
    Array.from({ length: atOnce }, async () => {
      const visitor = new Visitor(server.issuer)
      return { visitor, page: await visitor.get((await crowd.portal.begin()).url) }
    }),
  )
  const over = new AbortController()
  const seen = new Map<string, number>()
  const flooding = Promise.all(
    flood.map(async ({ visitor, page }, index) => {
      for (let turn = 0; turn < 3; turn += 1) {
        // one name per request, because waits per name are not the subject
        const answer = await signIn(visitor, page, `nobody-${index}-${turn}`, 'not-the-password')
        const key = `${answer.status} ${answer.headers.get('retry-after') ?? ''}`
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }
    }),
  ).finally(() => over.abort())
  const times: number[] = []
  while (!over.signal.aborted) {
    const began = performance.now()
    expect(await enterAgain(crowd, before)).toBe(true)
    expect((await fetch(`${server.issuer}/jwks`)).status).toBe(200)
    times.push(performance.now() - began)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  await flooding
  console.log(Object.fromEntries(seen), spread(times))
  expect([...seen.keys()].toSorted()).toEqual(['400 ', '503 30'])
  expect(times.length).toBeGreaterThan(20)
  expect(spread(times).middle).toBeLessThan(500)
  expect((await signInMany(crowd, 20)).failures).toEqual([])
  expect(await ailments(server)).toEqual([])
})
