import { expect, it } from 'vitest'
import { openPerson } from '../setup/person.ts'
import { openTestServices } from '../setup/test-services.ts'

it('a subject of an upstream belongs to one person, and only its person loses it', async () => {
  const { services, forward } = await openTestServices()
  const { database, upstreamLinks } = services
  const [one, other] = [await openPerson(services), await openPerson(services)]
  const subject = { upstream: 'foshan', subject: 'Fs-1' }
  const document = { type: 'resident_id', number: one.number }
  const link = { ...subject, personId: one.id, level: 3, document }
  expect(await upstreamLinks.add(database, link)).toBe(true)
  // the second one gets nothing, also the same person
  expect(await upstreamLinks.add(database, { ...link, personId: other.id })).toBe(false)
  expect(await upstreamLinks.add(database, link)).toBe(false)
  for (const different of [
    { ...subject, upstream: 'shenzhen' },
    { ...subject, subject: 'fs-1' },
    { ...subject, subject: 'Fs-1 ' },
  ])
    expect(await upstreamLinks.find(different), JSON.stringify(different)).toBeUndefined()

  const found = (await upstreamLinks.find(subject)) ?? expect.fail()
  expect(found).toMatchObject({ personId: one.id, level: 3, lastUsedAt: null, batch: null, opened: false })
  expect(upstreamLinks.isOtherDocument(found, document)).toBe(false)
  expect(upstreamLinks.isOtherDocument(found, { ...document, type: 'passport' })).toBe(true)
  expect(upstreamLinks.isOtherDocument(found, { ...document, number: other.number })).toBe(true)
  expect(upstreamLinks.isOtherDocument(found, undefined)).toBe(false)
  forward(1000)
  await upstreamLinks.used(found)
  const [used] = await upstreamLinks.of(one.id)
  expect(used?.lastUsedAt).toBe(found.linkedAt + 1000)

  expect(await upstreamLinks.remove(database, { ...found, personId: other.id })).toBe(false)
  expect(await upstreamLinks.of(one.id)).toHaveLength(1)
  expect(await upstreamLinks.remove(database, found)).toBe(true)
  expect(await upstreamLinks.remove(database, found)).toBe(false)
  expect(await upstreamLinks.add(database, { ...link, personId: other.id })).toBe(true)
})

it('of two persons who link the same subject at once, one gets it', async () => {
  const { services } = await openTestServices()
  const people = await Promise.all([openPerson(services), openPerson(services), openPerson(services)])
  const added = await Promise.all(
    people.map(({ id }) =>
      services.upstreamLinks.add(services.database, { upstream: 'foshan', subject: 'fs', personId: id, level: 2 }),
    ),
  )
  expect(added.filter(Boolean)).toHaveLength(1)
})
