import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { recoveringByFace, photographedPerson, rightFrames, send } from '../../../setup/face.ts'
import { berta, portrait, writeFrames } from '../../../setup/faces.ts'
import { find } from '../../../setup/organisation.ts'
import { openPerson, signIn } from '../../../setup/person.ts'
import { choose, eventsOf, newPassword, saidBy } from '../../../setup/recovery.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import { Visitor, type Page } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer({ YIDENG_FACE_FAILURES: '2' })
  services = await server.services()
})

type Person = { username: string; number: string }

const begin = (person: Person, visitor = new Visitor(server.issuer)) => recoveringByFace(visitor, person)
const stranger = async () => writeFrames([{ step: 0, jpeg: await portrait(berta) }])
const finish = async (visitor: Visitor, page: Page) => {
  expect(await send(visitor, page, await rightFrames(page))).toMatchObject({ outcome: 'passed' })
  return visitor.submit(page, '/face/done', {})
}

describe('a forgotten password, by face', () => {
  it('is offered to every visitor, and sets a new one at once, without a wait', async () => {
    const person = await photographedPerson(services)
    await services.recovery.makeCodes(person.id, { actor: 'person' })
    const start = await new Visitor(server.issuer).get('/recover')
    expect(start.html).toContain('href="/recover/face?back=%2Faccount"')
    const { visitor, page } = await begin(person)
    const done = await choose(visitor, await finish(visitor, page))
    expect(done.url.pathname).toBe('/recover/done')
    const after = await signIn(visitor, await visitor.get('/account'), person.username, newPassword)
    expect(after.url.pathname).toBe('/account')
    const now = await find(services, person)
    expect([now.heldUntil, now.identityLevel]).toEqual([null, 3])
    expect(await services.recovery.codesLeft(person.id), 'another person may have the sheet').toBe(0)
    expect(await services.faceConsents.given(person.id)).toBe(true)
    const told = (await services.inbox.list(person.id, 9)).find(({ kind }) => kind === 'account-recovered')
    expect(told).toMatchObject({ details: { by: 'face' } })
    expect(told?.restricted['stop'], 'no link stops what a face proved').toBeUndefined()
    expect(await eventsOf(services, person.id)).toContainEqual({
      event: 'person.recovered',
      actor: 'person',
      details: { by: 'face', held: false, passkeys: 0 },
    })
  })

  it('asks every person the same, and fails alike for another face, an unknown, unproven and unwilling one', async () => {
    const owner = await photographedPerson(services)
    const unproven = await photographedPerson(services, { level: 2 })
    const unwilling = await photographedPerson(services)
    await services.faceConsents.withdraw(await find(services, unwilling), { actor: 'person' })
    const off = await photographedPerson(services)
    await services.methodLocks.lock(off.id, 'face', 'switched-off', { actor: 'person' })
    const asked = {
      'another face': owner,
      'a wrong number': { ...owner, number: unproven.number },
      'an unknown one': { username: 'nobody-in-here', number: owner.number },
      unproven,
      unwilling,
      'switched off': off,
      'without a photograph': await openPerson(services),
    }
    const said = new Set<string>()
    for (const [what, person] of Object.entries(asked)) {
      const { visitor, page, seen } = await begin(person)
      const frames = what === 'another face' ? await stranger() : await rightFrames(page)
      const { status, outcome } = await send(visitor, page, frames)
      // the steps are drawn at random for each capture
      const checks =
        /data-(check|actions|steps|csrf)="[^"]*"|name="(check|csrf)" value="[^"]*"|<div class="face-live"[\s\S]*?<\/ol>/g
      said.add(
        JSON.stringify([status, outcome, seen.map((one) => saidBy(one, person.username).replaceAll(checks, ''))]),
      )
      expect((await visitor.get('/recover/new-password')).status, what).toBe(400)
    }
    expect([...said].map((one) => one.slice(0, 60))).toHaveLength(1)
    const kinds = (await services.inbox.list(owner.id, 9)).map(({ kind }) => kind)
    expect(kinds, 'strangers’ tries are no notice').not.toContain('face-blocked')
  })

  it('counts a stranger’s tries by network: the owner’s own sign-in and other networks are not closed', async () => {
    const person = await photographedPerson(services)
    for (let turn = 0; turn < 3; turn += 1) {
      const { visitor, page } = await begin(person)
      await send(visitor, page, await stranger())
    }
    const { visitor, page } = await begin(person)
    expect(await send(visitor, page, await rightFrames(page)), 'this network').toMatchObject({ outcome: 'failed' })
    const account = new Visitor(server.issuer)
    await signIn(account, await account.get('/account/face'), person.username)
    expect((await account.get('/account/face')).html).toContain('action="/account/face/start"')
  })

  it('is void once sign-ins were ended in between, and serves no other browser and no second time', async () => {
    const person = await photographedPerson(services)
    const { visitor, page } = await begin(person)
    const form = await finish(visitor, page)
    const again = await visitor.submit(page, '/face/done', {})
    expect(again.url.pathname, 'the same form leads where the first one led').toBe('/recover/new-password')
    await services.persons.setStatus(person.id, 'locked', { actor: 'administrator:test' })
    await services.persons.setStatus(person.id, 'active', { actor: 'administrator:test' })
    expect((await choose(visitor, form)).status).toBe(400)
    const other = await begin(person)
    const thief = await begin(person)
    expect(await send(other.visitor, other.page, await rightFrames(other.page))).toMatchObject({ outcome: 'passed' })
    const stolen = { ...thief.page, html: thief.page.html.replaceAll(checkOf(thief.page), checkOf(other.page)) }
    expect((await thief.visitor.submit(stolen, '/face/done', {})).status).toBe(400)
  })

  it('sends no picture before the consent', async () => {
    const person = await photographedPerson(services)
    const visitor = new Visitor(server.issuer)
    const form = await visitor.get('/recover/face')
    const asked = await visitor.submit(form, '/identify', {
      identifier: person.username,
      document_number: person.number,
    })
    expect(asked.html).toContain('name="agree"')
    const csrf = /name="csrf" value="([^"]+)"/.exec(asked.html)?.[1] ?? ''
    expect((await visitor.post('/recover/face/start', { csrf })).status).toBe(400)
    const wrong = await visitor.submit(form, '/identify', { identifier: ' ', document_number: '' })
    expect(wrong.status).toBe(400)
    for (const field of ['identifier', 'document_number']) expect(wrong.html).toContain(`id="${field}-problem"`)
    expect((await new Visitor(server.issuer).get('/recover/face/ready')).status).toBe(400)
  })
})

const checkOf = ({ html }: Page) => /data-check="([^"]+)"/.exec(html)?.[1] ?? ''
