import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isPeer } from '../../src/accounts/administrators.ts'
import type { Input } from '../../src/admin/fields.ts'
import { inLongRun } from '../setup/long-run.ts'
import { creditCode } from '../setup/organisation.ts'
import { password } from '../setup/people.ts'
import { openPerson } from '../setup/person.ts'
import { registered } from '../setup/rival.ts'
import { handClock } from '../setup/temporary.ts'
import { openRemoteServices } from './remote/remote-services.ts'

const day = 86_400_000

const never = (): never => {
  throw new Error('no such account')
}

const pick = fc.nat(20)
const scopes = ['openid', 'openid profile', 'openid identity', 'openid phone']
/** The commands that one administrator may try alone. */
const step = fc.record({
  name: fc.constantFrom(
    'person create',
    'person create',
    'person prove',
    'person prove',
    'person prove',
    'person lock',
    'person unlock',
    'person keep-number',
    'person reset-password',
    'person reveal',
    'person agree-face',
    'person withdraw-face',
    'admin grant',
    'admin revoke',
    'client create',
    'client update',
    'client update',
    'client resume',
    'client rotate-secret',
    'org create',
    'org suspend',
    'approval approve',
    'approval refuse',
    'wait',
  ),
  who: pick,
  other: pick,
  level: fc.constantFrom(undefined, 2, 3),
  flag: fc.boolean(),
  scope: fc.constantFrom(undefined, ...scopes),
  consent: fc.constantFrom(undefined, 'ask', 'implicit'),
})

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
const plain = { who: 0, other: 0, level: undefined, flag: false, scope: undefined, consent: undefined } as const

/** Random stories may leave these out: commands of which some run at once and some wait. */
const certain: Step[] = [
  { ...plain, name: 'client create' },
  { ...plain, name: 'client create', scope: 'openid identity', consent: 'implicit' },
  { ...plain, name: 'person create', level: 2 },
  { ...plain, name: 'person create', level: 3 },
  { ...plain, name: 'person lock', who: 2 },
  { ...plain, name: 'person prove', who: 3 },
]

it('one administrator alone cannot remove a peer, move a number, raise a level or open a silent portal', async () => {
  const { clock, forward } = handClock()
  const { administrator, services } = await openRemoteServices(clock)
  let serial = 0
  const seen = new Map<string, number>()

  async function scene(role: 'operator' | 'admin', region: string) {
    const attacker = await administrator(role, region)
    const others = [await administrator('admin', '440000'), await administrator('admin', region)]
    const citizen = await openPerson(services)
    const basic = await openPerson(services, { level: 2 })
    for (const person of [citizen, basic]) await registered(services, person)
    const people = [...others.map(({ personId }) => personId), citizen.id, basic.id]
    for (const { personId } of others) await registered(services, { id: personId })
    const documents = await Promise.all(
      people.map(async (id) => services.persons.reveal((await services.persons.find(id)) ?? never())),
    )
    return { attacker, others, people, documents, portals: [] as string[] }
  }

  /** An input for a command, from the existing objects. */
  function inputOf(
    { people, documents, portals }: Awaited<ReturnType<typeof scene>>,
    one: Step,
    requests: string[],
  ): Input {
    const id = people[one.who % people.length] ?? ''
    const document = documents[one.other % documents.length]
    serial += 1
    const register = { name: `甲门户${serial}`, region: '440300', 'redirect-uri': ['https://sz.example/cb'] }
    const portal = {
      ...(one.scope === undefined ? {} : { scope: one.scope }),
      ...(one.consent === undefined ? {} : { consent: one.consent }),
    }
    const forms: Record<string, Input> = {
      'person create': {
        name: document?.name ?? '',
        'id-number': document?.documentNumber ?? '',
        phone: '13800138000',
        username: `attempt${serial}`,
        password,
        'document-type': 'resident_id',
        ...(one.level === undefined ? {} : { level: one.level }),
      },
      'person prove': { id, 'both-present': one.flag },
      'person reset-password': { id, counter: one.flag },
      'person reveal': { id, reason: 'x' },
      'person agree-face': { id, guardian: people[one.other % people.length] },
      'admin grant': { id, role: one.flag ? 'viewer' : 'admin', region: '440300' },
      'client create': { ...register, ...portal },
      'client update': { id: portals[one.who % Math.max(1, portals.length)] ?? '', ...portal },
      'client resume': { id: portals[one.who % Math.max(1, portals.length)] ?? '' },
      'client rotate-secret': { id: portals[one.who % Math.max(1, portals.length)] ?? '' },
      'org create': { name: '云岭公司', uscc: creditCode(), representative: id },
      'org suspend': { id },
      'approval approve': { id: requests[one.who % Math.max(1, requests.length)] ?? '' },
      'approval refuse': { id: requests[one.who % Math.max(1, requests.length)] ?? '' },
    }
    return forms[one.name] ?? { id }
  }

  const holders = async () =>
    (
      await services.database
        .selectFrom('natural_persons')
        .select(['document_index', 'id', 'identity_level'])
        .where('identity_level', '>=', 3)
        .orderBy('id')
        .execute()
    ).map((row) => `${row.document_index} ${row.id} ${row.identity_level}`)

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('operator' as const, 'admin' as const),
      fc.constantFrom('440000', '440300'),
      fc.array(step, { minLength: 1, maxLength: 10 }),
      async (role, region, story) => {
        await services.database.deleteFrom('approvals').execute()
        const here = await scene(role, region)
        const before = await holders()
        const told = JSON.stringify([role, region, story])
        for (const one of story) {
          if (one.name === 'wait') {
            forward(4 * day)
            await services.identityProofs.carryOutDue()
          } else {
            const requests = (await services.approvals.list()).map(({ id }) => id)
            const outcome = await here.attacker.run(one.name, inputOf(here, one, requests))
            const word = outcome.ok ? (outcome.fault === undefined ? 'done' : 'waits') : outcome.kind
            seen.set(`${one.name} ${word}`, (seen.get(`${one.name} ${word}`) ?? 0) + 1)
            const document = outcome.ok ? (outcome.document as Record<string, unknown>) : {}
            if (one.name === 'client create' && typeof document['client_id'] === 'string')
              here.portals.push(document['client_id'])
            if (one.name === 'person create' && typeof document['id'] === 'string') here.people.push(document['id'])
          }
          for (const other of here.others) {
            if (!isPeer(here.attacker, other)) continue
            expect(await services.administrators.acting(other.personId), told).toBeDefined()
          }
          expect(await holders(), told).toEqual(before)
          const silent = (await services.clients.list()).filter(
            ({ consent, scope }) =>
              consent === 'implicit' && scope.some((each) => ['identity', 'phone'].includes(each)),
          )
          expect(silent, told).toEqual([])
        }
      },
    ),
    { numRuns: inLongRun(60, 240), examples: [['operator', '440000', certain]] },
  )
  // the sequences are not only refusals: some commands ran, and some waited
  const rare = inLongRun<string[]>([], ['client update done'])
  for (const done of ['person create done', 'person lock done', 'client create done', ...rare]) {
    expect(seen.get(done) ?? 0, done).toBeGreaterThan(0)
  }
  for (const waited of ['person prove waits', 'person create waits', 'client create waits']) {
    expect(seen.get(waited) ?? 0, waited).toBeGreaterThan(0)
  }
}, 240_000)
