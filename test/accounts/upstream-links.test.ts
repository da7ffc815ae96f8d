import { expect, it } from 'vitest'
import type { UpstreamLinkWay } from '../../src/accounts/upstream-links.ts'
import { openPerson } from '../setup/person.ts'
import { openTestServices } from '../setup/test-services.ts'

it('a subject of an upstream belongs to one person, and only its person loses it', async () => {
  const { services, forward } = await openTestServices()
  const { database, upstreamLinks } = services
  const [one, other] = [await openPerson(services), await openPerson(services)]
  const subject = { upstream: 'foshan', subject: 'Fs-1' }
  const document = { type: 'resident_id', number: one.number }
  const link = { ...subject, personId: one.id, level: 3, document, way: 'sign-in' } as const
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
      services.upstreamLinks.add(services.database, {
        upstream: 'foshan',
        subject: 'fs',
        personId: id,
        level: 2,
        way: 'sign-in',
      }),
    ),
  )
  expect(added.filter(Boolean)).toHaveLength(1)
})

it('a link that its person did not make is held for a day, and may be undone for thirty', async () => {
  const { services } = await openTestServices()
  const { database, upstreamLinks } = services
  const { id: personId } = await openPerson(services)
  const day = 86_400_000
  const made = async (subject: string, how: { way: UpstreamLinkWay; opened?: boolean }) => {
    const link = { upstream: 'foshan', subject, personId, level: 3, ...how }
    expect(await upstreamLinks.add(database, link)).toBe(true)
    return upstreamLinks.find(link)
  }
  for (const how of [{ way: 'number' }, { way: 'import' }] as const) {
    const link = (await made(how.way, how)) ?? expect.fail()
    const { linkedAt } = link
    expect(link).toMatchObject({ ...how, undoUntil: linkedAt + 30 * day, heldUntil: linkedAt + day })
  }
  for (const how of [{ way: 'sign-in' }, { way: 'import', opened: true }] as const)
    expect(await made(`own ${how.way}`, how)).toMatchObject({ ...how, undoUntil: null, heldUntil: null })
})

it('a refused link is never made by number again, but by a sign-in of its person', async () => {
  const { services } = await openTestServices()
  const { database, upstreamLinks } = services
  const [{ id: personId }, other] = [await openPerson(services), await openPerson(services)]
  const subject = { upstream: 'foshan', subject: 'fs' }
  const add = (way: UpstreamLinkWay, person = personId) =>
    upstreamLinks.add(database, { ...subject, personId: person, level: 3, way })
  const remove = async () => upstreamLinks.remove(database, (await upstreamLinks.find(subject)) ?? expect.fail())
  const key = { upstream: 'foshan', subjectIndex: upstreamLinks.subjectIndex(subject), personId }
  await upstreamLinks.refuse(database, key)
  await upstreamLinks.refuse(database, key)
  expect(await upstreamLinks.isRefused({ ...subject, personId })).toBe(true)
  for (const way of ['number', 'import'] as const) expect(await add(way), way).toBe(false)
  expect(await upstreamLinks.find(subject)).toBeUndefined()
  // it is refused by one person, for one subject
  expect(await add('number', other.id)).toBe(true)
  expect(await remove()).toBe(true)
  expect(await add('sign-in')).toBe(true)
  expect(await remove()).toBe(true)
  expect(await upstreamLinks.isRefused({ ...subject, personId })).toBe(false)
  expect(await add('number')).toBe(true)
})
