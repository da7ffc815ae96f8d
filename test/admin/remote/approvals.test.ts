import { expect, it } from 'vitest'
import { handClock } from '../../setup/temporary.ts'
import { openPerson } from '../../setup/person.ts'
import { documentOf, openRemoteServices } from './remote-services.ts'

const day = 86_400_000

it('deletes a portal once a second administrator approves, exactly once', async () => {
  const { administrator, portal, services, events } = await openRemoteServices()
  const [first, second, third] = [
    await administrator('admin', '440300'),
    await administrator('admin', '440300'),
    await administrator('admin', '440000'),
  ]
  const id = await portal('旧门户', '440305')
  const asked = await first.run('client delete', { id })
  expect(asked).toMatchObject({ ok: true, document: { state: 'waiting' }, fault: expect.any(String) })
  const request = String(documentOf(asked)['request'])
  expect(documentOf(await first.run('client delete', { id }))['request'], 'asked again').toBe(request)
  expect(await services.clients.find(id)).toBeDefined()
  expect(documentOf(await second.run('approval list'))).toEqual([
    expect.objectContaining({ id: request, command: 'client delete', input: { id }, requested_by: first.personId }),
  ])
  expect(await first.run('approval approve', { id: request })).toMatchObject({ ok: false, kind: 'forbidden' })

  const both = await Promise.all([second, third].map(({ run }) => run('approval approve', { id: request })))
  expect(both.filter(({ ok }) => ok)).toHaveLength(1)
  expect(await services.clients.find(id)).toBeUndefined()
  const seen = await events()
  for (const event of ['approval.requested', 'approval.approved', 'approval.used', 'client.deleted']) {
    expect(
      seen.filter((one) => one === event),
      event,
    ).toHaveLength(1)
  }
  expect(await third.run('approval approve', { id: request })).toMatchObject({ ok: false })
})

it('shows personal data to the requester, once, after a second administrator released it', async () => {
  const { administrator, services, events } = await openRemoteServices()
  const person = await openPerson(services, { name: '欧阳明' })
  const first = await administrator('admin', '440000')
  const second = await administrator('admin', '440000')
  const asking = { id: person.id, reason: '核对冒名开户' }
  const request = String(documentOf(await first.run('person reveal', asking))['request'])
  const released = await second.run('approval approve', { id: request })
  expect(JSON.stringify(released)).not.toMatch(new RegExp(`${person.number}|欧阳明|${person.phone}`))
  expect(documentOf(await second.run('person reveal', asking))['state'], 'not for the second').toBe('waiting')

  const twice = await Promise.all([first.run('person reveal', asking), first.run('person reveal', asking)])
  const shown = twice.filter((outcome) => documentOf(outcome)['document_number'] === person.number)
  expect(shown).toHaveLength(1)
  expect((await events()).filter((event) => event === 'administrator.revealed')).toHaveLength(1)
  expect(documentOf(await first.run('person reveal', { ...asking, reason: '别的' }))['state']).toBe('waiting')
})

it('ends a request after a day, by a refusal, and with the role of the requester', async () => {
  const { clock, forward } = handClock()
  const { administrator, portal, services } = await openRemoteServices(clock)
  const first = await administrator('admin', '440300')
  const second = await administrator('admin', '440300')
  const id = await portal('门户', '440300')
  const ask = async () => String(documentOf(await first.run('client delete', { id }))['request'])

  const late = await ask()
  forward(day)
  expect(await second.run('approval approve', { id: late })).toMatchObject({ ok: false, kind: 'failed' })
  expect(documentOf(await second.run('approval list'))).toMatchObject([{ id: late, state: 'expired' }])

  const unwanted = await ask()
  expect(unwanted).not.toBe(late)
  expect(await second.run('approval refuse', { id: unwanted })).toMatchObject({ ok: true })
  expect(await second.run('approval approve', { id: unwanted })).toMatchObject({ ok: false })

  const orphaned = await ask()
  await services.administrators.revoke(first.personId, 'administrator:test')
  expect(await second.run('approval approve', { id: orphaned })).toMatchObject({ ok: false, kind: 'forbidden' })
  expect(await services.clients.find(id)).toBeDefined()
})

it.each([
  ['is locked', { status: 'locked' as const }],
  ['lost its number to another account', { identity_level: 2 }],
])('asks for nothing any more once the account of who asked %s', async (_what, change) => {
  const { administrator, portal, services } = await openRemoteServices()
  const [first, second] = [await administrator('admin', '440300'), await administrator('admin', '440300')]
  const id = await portal('门户', '440300')
  const request = String(documentOf(await first.run('client delete', { id }))['request'])
  await services.database.updateTable('natural_persons').set(change).where('id', '=', first.personId).execute()
  expect(await services.administrators.acting(first.personId)).toBeUndefined()
  expect(await second.run('approval approve', { id: request })).toMatchObject({ ok: false, kind: 'forbidden' })
  expect(await services.clients.find(id)).toBeDefined()
})

it('needs a second administrator of the region that the portal has by then', async () => {
  const { administrator, portal, services } = await openRemoteServices()
  const province = await administrator('admin', '440000')
  const shenzhen = await administrator('admin', '440300')
  const operator = await administrator('operator', '440300')
  const id = await portal('门户', '440300')
  const request = String(documentOf(await province.run('client delete', { id }))['request'])
  expect(await operator.run('approval approve', { id: request })).toMatchObject({ ok: false, kind: 'forbidden' })
  await province.run('client update', { id, region: '440100' })
  expect(await shenzhen.run('approval approve', { id: request })).toMatchObject({ ok: false, kind: 'not_found' })
  const guangzhou = await administrator('admin', '440100')
  expect(await guangzhou.run('approval approve', { id: request }), 'it was asked for Shenzhen').toMatchObject({
    ok: false,
  })
  expect(await services.clients.find(id)).toBeDefined()
})

it('an administrator cannot push waiting requests out with own requests', async () => {
  const { administrator, services } = await openRemoteServices()
  const { run, personId: id } = await administrator('admin', '440000')
  const ask = (reason: string) => run('person reveal', { id, reason })
  for (let at = 0; at < 20; at += 1) expect(await ask(`${at}`)).toMatchObject({ ok: true })
  expect(await ask('one more')).toMatchObject({ ok: false, kind: 'failed' })
  expect(await ask('7'), 'known already').toMatchObject({ ok: true })
  expect(await services.approvals.list()).toHaveLength(20)
})

it('stores the input of requests sealed', async () => {
  const { administrator, services } = await openRemoteServices()
  const first = await administrator('admin', '440000')
  await first.run('person reveal', { id: first.personId, reason: '机密理由' })
  const row = await services.database.selectFrom('approvals').selectAll().executeTakeFirstOrThrow()
  expect(JSON.stringify(row)).not.toContain('机密')
})
