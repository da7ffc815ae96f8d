import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { countWaysIn } from '../../src/accounts/sign-in-kinds.ts'
import { endLinks, linkAccount, releaseLink } from '../../src/accounts/upstream-keeping.ts'
import { endPauses, pauseYoungLinks } from '../../src/accounts/upstream-pauses.ts'
import type { NewUpstreamLink, UpstreamLink } from '../../src/accounts/upstream-links.ts'
import { readSettings } from '../../src/config/settings.ts'
import { openServices, type Services } from '../../src/services.ts'
import { openPerson } from '../setup/person.ts'
import { rivalOf } from '../setup/rival.ts'
import { durableStore } from '../setup/stores.ts'
import { upstreamFile } from '../setup/upstream-file.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

const day = 86_400_000
const by = { actor: 'person' } as const

/** Services with the upstream `foshan`; `gone` is none any more. */
async function open() {
  const directory = temporaryDirectory()
  const { clock, forward } = handClock()
  const settings = {
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    YIDENG_UPSTREAMS: upstreamFile(directory, [{ id: 'foshan' }]),
    ...(await durableStore()),
  }
  const services = await openServices(readSettings(settings), clock)
  onTestFinished(() => services.close())
  const link = async (personId: string, made: Partial<NewUpstreamLink> = {}) => {
    const whole = { upstream: 'foshan', subject: 'fs', level: 3, way: 'sign-in', personId, ...made } as const
    const { database, upstreamLinks } = services
    expect(await database.transaction().execute((within) => linkAccount(services, within, whole, by))).toBe(true)
    return (await upstreamLinks.find(whole)) ?? expect.fail()
  }
  return { services, forward, link }
}

const refusal = (code: string) => expect.objectContaining({ code })
const remove = (services: Services, ...links: [UpstreamLink, ...UpstreamLink[]]) =>
  endLinks(services, links, { stay: [], by, undo: false })
const undo = (services: Services, link: UpstreamLink) => endLinks(services, [link], { stay: [], by, undo: true })
const kindsOf = async ({ inbox }: Services, personId: string) =>
  (await inbox.list(personId, 10)).map(({ kind }) => kind)
const epochOf = async ({ persons }: Services, personId: string) => (await persons.find(personId))?.endings.epoch

it('a link by number is undone within 30 days, never later, and never made by number again', async () => {
  const { services, forward, link } = await open()
  const { id } = await openPerson(services)
  const made = await link(id, { way: 'number' })
  expect(await kindsOf(services, id)).toEqual(['upstream-linked-by-number'])
  const epoch = (await epochOf(services, id)) ?? expect.fail()
  forward(30 * day - 1)
  await undo(services, made)
  expect(await epochOf(services, id), 'its sign-ins end').toBe(epoch + 1)
  expect(await services.upstreamLinks.find({ upstream: 'foshan', subject: 'fs' })).toBeUndefined()
  await expect(undo(services, made), 'twice').rejects.toEqual(refusal('not_found'))
  const again = { upstream: 'foshan', subject: 'fs', level: 3, way: 'number', personId: id } as const
  expect(await linkAccount(services, services.database as never, again, by)).toBe(false)
  expect((await kindsOf(services, id)).toSorted(), 'nothing is told that was not done').toEqual([
    'upstream-linked-by-number',
    'upstream-unlinked',
  ])
  const late = await link(id, { subject: 'other', way: 'number' })
  forward(30 * day)
  await expect(undo(services, late)).rejects.toEqual(refusal('not_found'))
  await expect(undo(services, await link(id, { subject: 'own' })), 'a link of the person').rejects.toEqual(
    refusal('not_found'),
  )
  await remove(services, late)
})

it('a link is a way in while its upstream is in use, and the last one stays', async () => {
  const { services, link } = await open()
  const { database, authenticators, methodLocks } = services
  const { id } = await openPerson(services)
  const ways = () => countWaysIn(services, id, database)
  const first = await link(id)
  const gone = await link(id, { upstream: 'gone' })
  expect(await ways(), 'a password and one link').toBe(2)
  await authenticators.removeAll(id, 'password')
  expect(await ways()).toBe(1)
  await expect(remove(services, first)).rejects.toEqual(refusal('last_way_in'))
  expect(await services.upstreamLinks.of(id), 'nothing half-done').toHaveLength(2)
  expect(await methodLocks.lock(id, 'upstream', 'switched-off', by, { keepOne: true }), 'the last way').toBe(false)
  const second = await link(id, { subject: 'second' })
  await expect(remove(services, first, second)).rejects.toEqual(refusal('last_way_in'))
  const both = await Promise.allSettled([remove(services, first), remove(services, second)])
  expect(
    both.filter(({ status }) => status === 'fulfilled'),
    'of two at once',
  ).toHaveLength(1)
  await expect(remove(services, gone), 'it was no way in, but the answer is the same').resolves.toBeUndefined()
  expect(await ways()).toBe(1)

  const { id: other } = await openPerson(services)
  const only = await link(other, { upstream: 'gone', subject: 'only' })
  await authenticators.removeAll(other, 'password')
  await expect(remove(services, only), 'it let nobody in').resolves.toBeUndefined()
})

it('a recovery pauses young links of the person; a stop of it, or the person, ends the pause', async () => {
  const { services, forward, link } = await open()
  const { database, upstreamLinks } = services
  const { id } = await openPerson(services)
  await link(id, { subject: 'old' })
  forward(30 * day)
  await link(id, { subject: 'young' })
  await link(id, { subject: 'imported', way: 'import', batch: 'b' })
  await link(id, { subject: 'opened', opened: true })
  const found = async (subject: string) =>
    (await upstreamLinks.find({ upstream: 'foshan', subject })) ?? expect.fail(subject)
  const pausedOnes = async () => {
    const all = await Promise.all(
      ['old', 'young', 'imported', 'opened'].map(async (one) => ((await found(one)).pausedAt === null ? [] : [one])),
    )
    return all.flat()
  }
  const now = services.clock()
  const pause = () =>
    database
      .transaction()
      .execute((within) => pauseYoungLinks(services, within, { personId: id, since: now - 7 * day, now }, by))
  const ways = await countWaysIn(services, id, database)
  expect(await pause()).toBe(1)
  expect(await pausedOnes()).toEqual(['young'])
  expect(await countWaysIn(services, id, database)).toBe(ways - 1)
  expect(await pause(), 'paused already').toBe(0)
  await endPauses(database, id, now + 1)
  expect(await pausedOnes(), 'a pause of before the recovery').toEqual(['young'])
  await endPauses(database, id, now)
  expect(await pausedOnes()).toEqual([])
  expect(await pause()).toBe(1)
  const paused = await found('young')
  expect(await upstreamLinks.used(paused), 'a paused link').toBe(false)
  await releaseLink(services, paused, by)
  expect(await pausedOnes()).toEqual([])
  expect(await upstreamLinks.used(paused)).toBe(true)
  await expect(releaseLink(services, paused, by), 'twice').rejects.toEqual(refusal('busy'))
  expect(await kindsOf(services, id)).toEqual(expect.arrayContaining(['upstream-paused', 'upstream-released']))
})

it('a recovery pauses each link that came to the account since, also an old one by a merge', async () => {
  const { services, forward, link } = await open()
  const { database, upstreamLinks, merging } = services
  const person = await openPerson(services)
  const other = await rivalOf(services, person)
  // a thief who was in the account merged an old one of their own into it
  for (const subject of ['merged', 'merged and opened'])
    await link(other.id, { subject, level: 2, opened: subject !== 'merged' })
  forward(30 * day)
  await link(person.id, { subject: 'signed in' })
  await link(person.id, { subject: 'number', way: 'number' })
  expect(await merging.merge({ into: person.id, from: other.id, portals: [] }, by)).toBe(true)
  const now = services.clock()
  const recovered = { personId: person.id, since: now - 7 * day, now: now + 1 }
  await database.transaction().execute((within) => pauseYoungLinks(services, within, recovered, by))
  const links = await upstreamLinks.of(person.id)
  expect(links).toHaveLength(4)
  expect(links.filter(({ pausedAt }) => pausedAt === null)).toEqual([])
})
