import { beforeAll, describe, expect, it } from 'vitest'
import { checkChain } from '../../src/audit/chain.ts'
import type { Services } from '../../src/services.ts'
import { inLongRun } from '../setup/long-run.ts'
import { residentId, password } from '../setup/people.ts'
import { allow } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

const people = inLongRun(40, 200)
const atOnce = 10

let server: RunningServer
let services: Services
let portal: TestPortal

beforeAll(async () => {
  server = await startServer({ YIDENG_ADDRESS_REGISTRATIONS: '100000', YIDENG_ADDRESS_TRIES: '100000' })
  services = await server.services()
  portal = await registerPortal(services, { scope: 'openid profile' })
})

/** Registers at a portal and consents. Notes each acknowledgement of the server. */
async function comeIn(index: number, acknowledged: { registered: Set<string>; consented: Set<string> }) {
  const username = `newcomer${index}`
  const visitor = new Visitor(server.issuer)
  const { url } = await portal.begin()
  const page = await visitor.get(new URL(`${(await visitor.get(url)).url.pathname}/register`, server.issuer))
  const registered = await visitor.submit(page, '/register', {
    name: '何新人',
    document_type: 'resident_id',
    document_number: residentId(`4401061990010${String(index + 1000)}`),
    phone: `139${String(10_000_000 + index)}`,
    username,
    password,
    password_again: password,
    consent: 'yes',
  })
  if (!registered.url.pathname.endsWith('/registered')) throw new Error(`not registered: ${registered.html}`)
  acknowledged.registered.add(username)
  const consent = await visitor.submit(registered, '/registered', {})
  const allowed = await allow(visitor, consent)
  if (allowed.leads?.searchParams.get('code')) acknowledged.consented.add(username)
}

describe('kill -9', () => {
  it(`during ${people} registrations and consents loses no acknowledged one`, async () => {
    const acknowledged = { registered: new Set<string>(), consented: new Set<string>() }
    let next = 0
    let killed = false
    const worker = async () => {
      while (next < people && !killed) {
        next += 1
        const failure = await comeIn(next, acknowledged).then(
          () => undefined,
          (error: unknown) => error,
        )
        if (failure !== undefined && !killed) throw failure
        if (acknowledged.consented.size >= people / 2 && !killed) {
          killed = true
          await server.kill('SIGKILL')
        }
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    expect(killed).toBe(true)
    expect(acknowledged.consented.size).toBeGreaterThanOrEqual(people / 2)

    await server.restart()
    for (const username of acknowledged.registered) {
      const person = await services.persons.findByIdentifier([{ kind: 'username', value: username }])
      expect(person, username).toBeDefined()
      const notice = await services.database
        .selectFrom('notice_consents')
        .selectAll()
        .where('person_id', '=', person?.id ?? '')
        .execute()
      expect(notice, username).toHaveLength(1)
      if (!acknowledged.consented.has(username)) continue
      expect(await services.consents.find(person?.id ?? '', portal.clientId), username).toMatchObject({
        scopes: ['openid', 'profile'],
      })
    }
    expect(await checkChain(services.database)).toMatchObject({ whole: true })
    await comeIn(people + 1, acknowledged)
  })
})
