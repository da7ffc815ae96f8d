import { randomInt } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { residentId } from '../setup/people.ts'
import { provenPhone } from '../setup/proven-phone.ts'
import { csrfOf } from '../setup/room.ts'
import { startTextLogin } from '../setup/text-login.ts'
import { Visitor, type Page } from '../setup/visitor.ts'

const pairs = 300
const warmUp = 20
/** Repetitions before a difference counts: of equal distributions, one in 370 exceeds 3 by chance. */
const repetitions = 3

/** Each number in a range of its own: a range has a limit of texts. */
let numbers = 0
const nextNumber = () => String(13_000_000_000 + (numbers += 1) * 20_000)

interface Asked {
  phone: string
  number: string
}

let world: Awaited<ReturnType<typeof startTextLogin>>
const known: Asked[] = []
beforeAll(async () => {
  world = await startTextLogin({ YIDENG_SMS_DAY_BUDGET: '1000000' })
  for (let count = 0; count < pairs + warmUp; count += 1) {
    const person = await world.proven({ phone: nextNumber() })
    await provenPhone(world.services, person, 40)
    known.push(person)
  }
})

const unknown = (index: number): Asked => ({
  phone: nextNumber(),
  number: residentId(`110105196603${String(10 + (index % 18))}${String(100 + (index % 800))}`),
})

/**
 * Sign test over pairs of requests that follow each other: the load of the machine hits both alike, and no single slow request decides.
 * @returns the standard score of "a known number takes longer"
 */
async function scoreOf(ask: (about: Asked) => Promise<Page>): Promise<number> {
  const took = async (about: Asked) => {
    const began = performance.now()
    const { status } = await ask(about)
    expect(status).toBeLessThan(400)
    return performance.now() - began
  }
  let longer = 0
  for (let pair = 0; pair < pairs + warmUp; pair += 1) {
    const one = known[pair] ?? expect.fail()
    const other = unknown(pair)
    const times = { one: 0, other: 0 }
    if (randomInt(2) === 0) {
      times.one = await took(one)
      times.other = await took(other)
    } else {
      times.other = await took(other)
      times.one = await took(one)
    }
    if (pair >= warmUp && times.one > times.other) longer += 1
  }
  return (longer - pairs / 2) / (Math.sqrt(pairs) / 2)
}

describe('a known and an unknown number take the same time', () => {
  it.each([
    [
      'in a sign-in by text',
      async () => {
        const { visitor, path } = await world.begin()
        const csrf = csrfOf(await visitor.get(`${path}/sms`))
        visitor.follows = false
        return ({ phone }: Asked) => visitor.post(`${path}/sms`, { csrf, phone })
      },
    ],
    [
      'in a recovery by text',
      async () => {
        const visitor = new Visitor(world.server.issuer)
        const csrf = csrfOf(await visitor.get('/recover/sms'))
        return ({ phone, number }: Asked) => visitor.post('/recover/sms', { csrf, phone, document_number: number })
      },
    ],
  ])('%s', async (_what, open) => {
    const scores: number[] = []
    do scores.push(await scoreOf(await open()))
    while (Math.abs(scores.at(-1) ?? 0) >= 3 && scores.length < repetitions)
    expect(Math.abs(scores.at(-1) ?? Infinity), `standard scores ${scores.join(', ')}`).toBeLessThan(3)
  })
})
