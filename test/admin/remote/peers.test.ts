import { expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
import { openPerson } from '../../setup/person.ts'
import { documentOf, openRemoteServices } from './remote-services.ts'

const waits = { ok: true, document: { state: 'waiting' }, fault: expect.any(String) as string }
const forbidden = { ok: false, kind: 'forbidden' }

it('one administrator cannot seize a region by removing the others', async () => {
  const { administrator, services, events } = await openRemoteServices()
  const [attacker, peer, third, district] = [
    await administrator('admin', '440300'),
    await administrator('admin', '440300'),
    await administrator('admin', '440300'),
    await administrator('admin', '440305'),
  ]
  const acts = (id: string) => services.administrators.acting(id)
  const request = documentOf(await attacker.run('admin revoke', { id: peer.personId }))
  expect(await attacker.run('admin revoke', { id: peer.personId })).toMatchObject(waits)
  const decide = { id: String(request['request']) }
  // also not by deciding alone, revoking, moving, an accomplice of a lower region, or all at once
  expect(await attacker.run('approval approve', decide)).toMatchObject(forbidden)
  expect(await district.run('approval approve', decide)).toMatchObject({ ok: false, kind: 'not_found' })
  const { personId: id } = peer
  expect(await attacker.run('admin grant', { id, role: 'viewer', region: '440300' })).toMatchObject(waits)
  expect(await attacker.run('admin grant', { id, role: 'admin', region: '440305' })).toMatchObject(waits)
  expect(await attacker.run('person lock', { id })).toMatchObject(forbidden)
  const all = [peer, third].map(({ personId }) => attacker.run('admin revoke', { id: personId }))
  expect(await Promise.all(all)).toMatchObject([waits, waits])
  for (const { personId } of [peer, third]) expect(await acts(personId)).toBeDefined()

  // the administrator to be removed cannot refuse the request
  expect(await peer.run('approval refuse', decide)).toMatchObject(forbidden)
  expect(await third.run('approval approve', decide)).toMatchObject({ ok: true })
  expect(await acts(peer.personId)).toBeUndefined()
  expect((await events()).filter((event) => /^(approval|administrator\.revoked)/.test(event)).slice(-3)).toEqual([
    'approval.approved',
    'approval.used',
    'administrator.revoked',
  ])
})

it('an operator of the province cannot lock an administrator of the province alone', async () => {
  const { administrator, services } = await openRemoteServices()
  const [attacker, peer, operator, city] = [
    await administrator('admin', '440000'),
    await administrator('admin', '440000'),
    await administrator('operator', '440000'),
    await administrator('admin', '440300'),
  ]
  const statusOf = async (id: string) => (await services.persons.find(id))?.status
  for (const { run } of [attacker, operator]) {
    expect(await run('person lock', { id: peer.personId })).toMatchObject(waits)
    expect(await statusOf(peer.personId)).toBe('active')
  }
  expect(await operator.run('person lock', { id: city.personId })).toMatchObject(waits)
  expect(await statusOf(city.personId)).toBe('active')
  const citizen = await openPerson(services)
  expect(await operator.run('person lock', { id: citizen.id })).toMatchObject({ ok: true })
  expect(await statusOf(citizen.id)).toBe('locked')

  const asked = documentOf(await peer.run('approval list')).find(
    (one: Record<string, unknown>) => one['requested_by'] === attacker.personId,
  )
  expect(await peer.run('approval approve', { id: String(asked?.['id']) })).toMatchObject({ ok: true })
  expect(await statusOf(peer.personId)).toBe('locked')
})

it('one administrator may remove themself and those of lower regions; on the server any administrator', async () => {
  const { administrator, services } = await openRemoteServices()
  const [province, own, viewer, operator, city] = [
    await administrator('admin', '440000'),
    await administrator('admin', '440300'),
    await administrator('viewer', '440300'),
    await administrator('operator', '440300'),
    await administrator('admin', '440300'),
  ]
  const ended = async (by: typeof own, { personId: id }: typeof own) => {
    expect(await by.run('admin revoke', { id })).toEqual({ ok: true, document: { id, revoked: true } })
    expect(await services.administrators.find(id)).toBeUndefined()
  }
  await ended(own, viewer)
  await ended(own, operator)
  await ended(own, own)
  await ended(province, city)
  expect(await province.run('person lock', { id: province.personId })).toMatchObject({ document: { status: 'locked' } })

  const line = commandLine()
  const id = await line.withServices(async (server) => (await openPerson(server)).id)
  await line.json('admin', 'grant', id, '--role', 'admin', '--region', '440000')
  expect(await line.json('admin', 'revoke', id)).toEqual({ id, revoked: true })
})
