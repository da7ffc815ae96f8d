import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../../../src/services.ts'
import { camera, photographedPerson, rightFrames, room, send } from '../../../setup/face.ts'
import { anna, berta, darkness, portrait, wall, writeFrames } from '../../../setup/faces.ts'
import { startServer, type RunningServer } from '../../../setup/server.ts'
import type { Page, Visitor } from '../../../setup/visitor.ts'

let server: RunningServer
let services: Services

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})

const look = async (visitor: Visitor, page: Page, picture: Buffer, change: Parameters<typeof send>[3] = {}) =>
  send(visitor, page, writeFrames([{ step: 0, jpeg: picture }]), { to: 'look', ...change })

const faceEvents = async (id: string) =>
  (await services.database.selectFrom('audit_events').select('event').where('person_id', '=', id).execute())
    .map(({ event }) => event)
    .filter((event) => /^face\.(passed|failed|blocked)$/.test(event))

it('a look answers what it sees, compares with no person, and uses up neither a try nor the challenge', async () => {
  const who = await photographedPerson(services)
  const { visitor, page } = await room(server.issuer, who)
  const capture = await camera(visitor, page)
  expect(await look(visitor, capture, await wall())).toMatchObject({ status: 200, seen: 'none' })
  expect(await look(visitor, capture, await darkness())).toMatchObject({ seen: 'dark' })
  // the holder of the account and a stranger look the same to it
  for (const area of [anna, berta]) {
    const { status, retryAfter, ...said } = await look(visitor, capture, await portrait(area))
    expect({ status, retryAfter, said }).toEqual({ status: 200, retryAfter: null, said: { seen: 'good' } })
  }
  // more looks than failed or captured tries a day
  for (let tries = 0; tries < 31; tries += 1)
    expect(await look(visitor, capture, await darkness())).toMatchObject({ seen: 'dark' })
  expect(await faceEvents(who.id)).toEqual([])
  expect(await send(visitor, capture, await rightFrames(capture))).toMatchObject({ outcome: 'passed' })
  expect(await look(visitor, capture, await wall())).toMatchObject({ seen: 'late' })
})

it('looks only at small pictures of the own capture, while the consent stands', async () => {
  const [one, other] = [
    await room(server.issuer, await photographedPerson(services)),
    await room(server.issuer, await photographedPerson(services)),
  ]
  const [own, theirs] = [await camera(one.visitor, one.page), await camera(other.visitor, other.page)]
  const check = /data-check="([^"]+)"/.exec(theirs.html)?.[1] ?? ''
  const face = await portrait(anna)
  expect(await look(one.visitor, own, face, { check })).toMatchObject({ seen: 'late' })
  expect(await look(one.visitor, own, face, { csrf: 'forged' })).toMatchObject({ status: 403 })
  expect(await look(one.visitor, own, Buffer.from([0xff, 0xd8, 0xff, 0]))).toMatchObject({ seen: 'unknown' })
  expect(await look(one.visitor, own, Buffer.concat([face, Buffer.alloc(64 * 1024)]))).toMatchObject({
    seen: 'unknown',
  })
  expect(await look(one.visitor, own, Buffer.from('no picture'))).toMatchObject({ seen: 'unknown' })
  // no look of these took the place of the next one
  expect(await look(one.visitor, own, face)).toMatchObject({ seen: 'good' })

  const left = await one.visitor.lose(await one.visitor.get('/account/face'), '/face/withdraw')
  expect(left.url.search).toBe('?done=withdrawn')
  expect(await look(one.visitor, own, face)).toMatchObject({ seen: 'unknown' })
})
