import type { Updateable } from 'kysely'
import { describe, expect, it } from 'vitest'
import type { UpstreamTables } from '../../src/storage/schema-upstreams.ts'
import { openPerson } from '../setup/person.ts'
import { openTestServices } from '../setup/test-services.ts'

type Row = UpstreamTables['upstream_links']

const one = { upstream: 'foshan', subject: 'one', level: 2, document: { type: 'resident_id', number: 'A' } } as const
const two = { ...one, subject: 'two', document: { type: 'resident_id', number: 'B' } } as const

/** Two people with a link each. The first is an attacker who writes to the store and has no key. */
async function world() {
  const { services } = await openTestServices()
  const { upstreamLinks: links, database } = services
  const [thief, victim] = [await openPerson(services), await openPerson(services)]
  await links.add(database, { ...one, personId: thief.id, way: 'sign-in' })
  await links.add(database, { ...two, personId: victim.id, way: 'sign-in' })
  const rowOf = (subject: { upstream: string; subject: string }) =>
    database
      .selectFrom('upstream_links')
      .selectAll()
      .where('subject_index', '=', links.subjectIndex(subject))
      .executeTakeFirstOrThrow()
  const write = (values: Updateable<Row>) =>
    database.updateTable('upstream_links').set(values).where('subject_index', '=', links.subjectIndex(one)).execute()
  return { services, links, thief, victim, own: await rowOf(one), other: await rowOf(two), write }
}

const changes: [string, (own: Row, other: Row) => Updateable<Row>][] = [
  ['moved to another person', (_own, other) => ({ person_id: other.person_id })],
  ['moved with the seal of that person’s link', (_own, other) => ({ person_id: other.person_id, mac: other.mac })],
  ['of a higher level', () => ({ level: 3 })],
  ['of another number', (_own, other) => ({ document_index: other.document_index })],
  ['of no number', () => ({ document_index: null })],
  ['of another upstream', () => ({ upstream: 'guangzhou' })],
  ['made by another way', () => ({ way: 'number' })],
  ['made earlier', ({ linked_at: at }) => ({ linked_at: at - 1 })],
  ['without its seal', () => ({ mac: null })],
]

describe('a link that another program wrote', () => {
  it.each(changes)('is none: %s', async (_what, change) => {
    const { links, thief, victim, own, other, write } = await world()
    await write(change(own, other))
    for (const upstream of ['foshan', 'guangzhou'])
      expect(await links.find({ upstream, subject: 'one' })).toBeUndefined()
    expect(await links.of(thief.id)).toEqual([])
    expect((await links.of(victim.id)).map(({ subjectIndex }) => subjectIndex)).toEqual([other.subject_index])
  })

  it('does not keep its subject from being refused', async () => {
    const { services, links, victim, write } = await world()
    await write({ person_id: victim.id })
    // fail closed: nothing signs in, and nothing is linked in its place
    expect(await links.add(services.database, { ...one, personId: victim.id, way: 'sign-in' })).toBe(false)
  })
})

it('a link that this program moves, pauses and uses is sealed as before', async () => {
  const { services, links, victim } = await world()
  const link = (await links.find(two)) ?? expect.fail()
  expect(await links.used(link)).toBe(true)
  expect(await links.pause(services.database, link, 5)).toBe(true)
  expect(await links.find(two)).toMatchObject({ personId: victim.id, pausedAt: 5 })
})

it('a link that learns its document is sealed with it, and the first document stays', async () => {
  const { services, links, victim } = await world()
  const bare = { upstream: 'foshan', subject: 'bare' }
  await links.add(services.database, { ...bare, level: 2, personId: victim.id, way: 'sign-in' })
  const link = (await links.find(bare)) ?? expect.fail()
  const document = (number: string) => ({ type: 'resident_id', number })
  // all of them have read the link before any of them wrote
  const numbers = ['A', 'B', 'A', 'B']
  const used = await Promise.all(numbers.map((number) => links.used(link, document(number))))
  const learned = (await links.find(bare)) ?? expect.fail()
  const first = numbers.find((_, at) => used[at]) ?? expect.fail('none')
  expect(used).toEqual(numbers.map((number) => number === first))
  expect(links.isOtherDocument(learned, document(first))).toBe(false)
})
