import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { registerPortal } from '../../../setup/portal.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services
let portal: Awaited<ReturnType<typeof registerPortal>>

beforeAll(async () => {
  server = await startServer({ YIDENG_TRUST_PROXY: 'true' })
  services = await server.services()
  portal = await registerPortal(services, { consent: 'implicit' })
})

const attackers = 240
const citizens = 6

const from = (network: string) => new Visitor(server.issuer, { 'x-forwarded-for': network })
const open = async (visitor: Visitor) => ({
  visitor,
  page: await visitor.get((await portal.begin({ prompt: 'login' })).url),
})
const all = <Result>(many: number, make: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: many }, (_, index) => make(index)))

/** Six people at their sign-in page: in a browser they used before, or in a new one. */
async function atTheirPage(known: boolean, network: string) {
  return all(citizens, async (index) => {
    const person = await openPerson(services)
    const visitor = from(`${network}.${index}`)
    if (known) await signIn(visitor, (await open(visitor)).page, person.username)
    return { ...person, ...(await open(visitor)) }
  })
}

it('240 wrong passwords at once from 240 networks: all known browsers are let in, and some new ones', async () => {
  const [known, unknown] = [await atTheirPage(true, '198.51.100'), await atTheirPage(false, '198.51.101')]
  const flood = await all(attackers, (index) => open(from(`203.0.${Math.floor(index / 200)}.${index % 200}`)))
  let done = 0
  const wrong = all(attackers, async (index) => {
    const { visitor, page } = flood[index] ?? expect.fail()
    const answer = await signIn(visitor, page, `nobody-${index}`, 'wrong-password-1')
    done += 1
    return answer
  })
  const enter = async ({ visitor, page, username }: (typeof known)[number]) => {
    const answer = await signIn(visitor, page, username)
    return { in: answer.leads !== undefined, status: answer.status, before: done }
  }
  const [inKnown, inUnknown] = await Promise.all([Promise.all(known.map(enter)), Promise.all(unknown.map(enter))])
  const answers = await wrong
  const count = (status: number) => answers.filter((answer) => answer.status === status).length
  expect(inUnknown.filter((one) => one.in).length).toBeGreaterThan(0)
  expect(inKnown.filter((one) => one.in)).toHaveLength(citizens)
  expect([count(400) > 0, count(503) > 0, count(400) + count(503)]).toEqual([true, true, attackers])
  for (const answer of answers) expect(answer.headers.get('retry-after')).toBe(answer.status === 503 ? '30' : null)
})
