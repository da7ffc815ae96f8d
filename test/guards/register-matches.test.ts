import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { join } from 'node:path'
import type { Services } from '../../src/services.ts'
import { matchKey } from '../../src/accounts/identifiers/names.ts'
import { createRegisterMatches } from '../../src/guards/register-matches.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { camera, photographed, verify } from '../setup/face.ts'
import { find } from '../setup/organisation.ts'
import { password, residentId } from '../setup/people.ts'
import { signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { cpuMs, startServer, type RunningServer } from '../setup/server.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'
import { Visitor } from '../setup/visitor.ts'

const week = 7 * 86_400_000
const resident = (serial: number, name = '何大海', born = '19880214') => ({
  documentType: 'resident_id',
  documentNumber: residentId(`440106${born}${String(serial).padStart(3, '0')}`),
  name,
})

describe('questions to the population register', () => {
  function opened() {
    const { clock, forward } = handClock(Date.UTC(2026, 10, 1))
    const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
    onTestFinished(() => artifacts.close())
    const matches = createRegisterMatches({ artifacts, blindIndex: (kind, value) => `${kind} ${value}`, clock })
    /** Number of answered questions. */
    const answered = async (all: ReturnType<typeof resident>[]) => {
      let many = 0
      for (const one of all) if (!(await matches.silent(one))) many += 1
      return many
    }
    return { answered, forward }
  }
  const serials = (from: number, many: number, name?: string, born?: string) =>
    Array.from({ length: many }, (_, index) => resident(from + index, name, born))

  it('are answered ten times a week for a name and birth date, against enumeration of serials', async () => {
    const { answered, forward } = opened()
    expect(await answered(serials(0, 500))).toBe(10)
    forward(week - 1000)
    expect(await answered(serials(500, 100))).toBe(0)
    forward(1000)
    expect(await answered(serials(500, 500))).toBe(10)
    // another name, and the same name born on another day
    expect(await answered(serials(0, 10, '何小海'))).toBe(10)
    expect(await answered(serials(0, 10, '何大海', '19880215'))).toBe(10)
  })

  it('are answered five times a day for a number, with any name in any spelling', async () => {
    const { answered } = opened()
    const names = ['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛'].map((name) => resident(1, `何${name}`))
    expect(await answered(names)).toBe(5)
    const passports = Array.from({ length: 30 }, (_, index) => ({
      documentType: 'passport',
      documentNumber: `E${10_000_000 + index}`,
      name: index % 2 === 0 ? 'CHAN Tai-man' : 'chan tai-man',
    }))
    expect(await answered(passports)).toBe(10)
  })
})

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_TRUST_PROXY: 'true', YIDENG_FACE_QUEUE: '0' })
  services = await server.services()
})

const inRegister = (claim: ReturnType<typeof resident>) =>
  services.database
    .transaction()
    .execute((transaction) => services.register.add(transaction, [{ ...claim, nameKey: matchKey(claim.name) }]))

let people = 0

/** Registers from a new network. */
async function register({ name, documentNumber }: ReturnType<typeof resident>) {
  people += 1
  const username = `walker${people}`
  const visitor = new Visitor(server.issuer, {
    'x-forwarded-for': `198.51.${Math.floor(people / 200)}.${people % 200}`,
  })
  const page = await visitor.submit(await visitor.get('/register'), '/register', {
    name,
    document_type: 'resident_id',
    document_number: documentNumber,
    phone: `1370000${String(1000 + people)}`,
    username,
    password,
    password_again: password,
    consent: 'yes',
  })
  const person = await services.persons.findByIdentifier([{ kind: 'username', value: username }])
  return { page, person: person ?? expect.fail(), visitor, username }
}

it('no number of networks finds a serial by registrations, and no answer shows the limit', async () => {
  const own = resident(15, '何不见')
  await inRegister(own)
  await photographed(services, { id: (await register(resident(0, '何不见'))).person.id, number: own.documentNumber })
  const said = new Set<string>()
  for (let serial = 1; serial < 20; serial += 1) {
    const { page, person } = await register(resident(serial, '何不见'))
    expect([page.status, person.identityLevel], String(serial)).toEqual([200, 2])
    said.add(page.html.replaceAll(/registered(\/|%2F)[\w-]+|nonce="[^"]+"|value="[^"]+"|walker\d+/g, ''))
  }
  expect(said.size).toBe(1)

  // the person registers: also level 2 without a message, and a sign-in does not ask the register again
  const { person, username } = await register(own)
  expect(person.identityLevel).toBe(2)
  const portal = await registerPortal(services, { consent: 'implicit', min_level: 3 })
  const visitor = new Visitor(server.issuer)
  const level = await signIn(visitor, await visitor.get((await portal.begin()).url), username)
  expect(level.html).not.toContain('/level"')
  expect((await find(services, person)).identityLevel).toBe(2)
  // but their own face is a proof
  const home = new Visitor(server.issuer)
  const room = await signIn(home, await home.get('/account/face'), username)
  expect((await verify(home, await camera(home, room))).url.search).toBe('?done=proved')
  expect((await find(services, person)).identityLevel).toBe(4)
})

it('a registration takes the same work with or without a match', async () => {
  const worked = { matched: 0, unmatched: 0 }
  const born = (round: number) => `198803${String(10 + round)}`
  for (let round = 0; round < 6; round += 1) {
    const [matched, unmatched] = [resident(1, '何同工', born(round)), resident(2, '何同工', born(round))]
    await inRegister(matched)
    for (const [kind, claim] of [
      ['matched', matched],
      ['unmatched', unmatched],
    ] as const) {
      const before = cpuMs(server.pid())
      const { person } = await register(claim)
      worked[kind] += cpuMs(server.pid()) - before
      // a name and a number show nothing (DESIGN 1.4)
      expect(person.identityLevel).toBe(2)
    }
  }
  expect(worked.unmatched).toBeGreaterThan(worked.matched / 2)
  expect(worked.unmatched).toBeLessThan(worked.matched * 2)
})
