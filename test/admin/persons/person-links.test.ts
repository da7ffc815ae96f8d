import { expect, it } from 'vitest'
import type { UpstreamLinkWay } from '../../../src/accounts/upstream-links.ts'
import { commandLine } from '../../cli/in-process.ts'
import { openPerson } from '../../setup/person.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'
import { upstreamFile } from '../../setup/upstream-file.ts'

const day = 86_400_000

/** A store with one person, who has these links. */
async function linked(...links: { upstream: string; way: UpstreamLinkWay; opened?: boolean }[]) {
  let now = Date.parse('2026-11-30T08:00:00Z')
  const file = upstreamFile(temporaryDirectory(), [{ id: 'foshan', name: '佛山市统一身份认证' }])
  const line = commandLine({ clock: () => now, environment: { YIDENG_UPSTREAMS: file } })
  const person = await line.withServices(async (services) => {
    const opened = await openPerson(services)
    for (const [index, link] of links.entries()) {
      const whole = { ...link, subject: `fs-${index}`, personId: opened.id, level: 3 }
      await services.upstreamLinks.add(services.database, whole)
      // the list is in the order of time
      now += 1000
    }
    return opened
  })
  const forward = (ms: number) => void (now += ms)
  return { ...line, person, forward }
}

it('lists the links of a person, found by any of the usual ways, without the subject at the upstream', async () => {
  const { person, json, yideng, forward } = await linked(
    { upstream: 'foshan', way: 'number' },
    { upstream: 'gone', way: 'import', opened: true },
  )
  const number = {
    upstream: 'foshan',
    name: '佛山市统一身份认证',
    level: 3,
    way: 'number',
    opened_the_account: false,
    paused: false,
    linked_at: '2026-11-30T08:00:00.000Z',
    last_used_at: null,
    held_until: '2026-12-01T08:00:00.000Z',
    undo_until: '2026-12-30T08:00:00.000Z',
  }
  const linked_at = '2026-11-30T08:00:01.000Z'
  const imported = { ...number, upstream: 'gone', name: null, way: 'import', opened_the_account: true, linked_at }
  const all = [number, { ...imported, held_until: null, undo_until: null }]
  for (const found of [[person.id], ['--id-number', person.number], ['--phone', person.phone]])
    expect(await json('person', 'links', ...found), found.join(' ')).toEqual(all)
  forward(day)
  expect(await json('person', 'links', person.id)).toMatchObject([
    { held_until: null, undo_until: number.undo_until },
    {},
  ])
  const { out } = await yideng('person', 'links', person.id)
  expect(out).toContain('佛山市统一身份认证')
  expect(out).not.toContain('fs-0')
})

it('ends all links to one upstream with every sign-in, audited, and tells the person', async () => {
  const { person, json, yideng, withServices } = await linked(
    { upstream: 'foshan', way: 'sign-in' },
    { upstream: 'foshan', way: 'number' },
    { upstream: 'gone', way: 'import' },
  )
  const epoch = await withServices(async ({ persons }) => (await persons.find(person.id))?.endings.epoch ?? -1)
  const removal = ['person', 'links', person.id, '--remove', 'foshan', '--reason', '电话要求']
  expect(await json(...removal)).toEqual({ id: person.id, upstream: 'foshan', removed: 2 })
  expect(await json('person', 'links', person.id)).toMatchObject([{ upstream: 'gone' }])
  await withServices(async ({ persons, audit, inbox, upstreamLinks }) => {
    expect((await persons.find(person.id))?.endings.epoch).toBe(epoch + 1)
    const events = await audit.ofPerson(person.id, { events: ['upstream.unlinked'], limit: 9, offset: 0 })
    expect(events).toHaveLength(2)
    expect(events[0]).toMatchObject({ actor: 'administrator:test', details: { upstream: 'foshan', undo: false } })
    expect((await inbox.list(person.id, 9)).filter(({ kind }) => kind === 'upstream-unlinked')).toHaveLength(2)
    const refused = { upstream: 'foshan', subject: 'fs-1', personId: person.id }
    expect(await upstreamLinks.isRefused(refused), 'no number links it again').toBe(true)
  })
  const again = await yideng(...removal)
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('has linked no account of that system')])
})

it('never ends the last way in of a person', async () => {
  const { person, yideng, json, withServices } = await linked({ upstream: 'foshan', way: 'sign-in', opened: true })
  await withServices(({ authenticators }) => authenticators.removeAll(person.id, 'password'))
  const { code, err } = await yideng('person', 'links', person.id, '--remove', 'foshan')
  expect([code, err]).toEqual([1, expect.stringContaining('the last way in')])
  expect(await json('person', 'links', person.id)).toHaveLength(1)
})
