import { expect, it } from 'vitest'
import { allCommands } from '../../src/admin/commands.ts'
import { nameOf } from '../../src/admin/command.ts'
import type { Input } from '../../src/admin/fields.ts'
import { agreements, type Duty } from '../../src/admin/duties.ts'
import { residentId, password } from '../setup/people.ts'
import { openPerson } from '../setup/person.ts'
import { rivalOf } from '../setup/rival.ts'
import { creditCode } from '../setup/organisation.ts'
import { documentOf, openRemoteServices } from './remote/remote-services.ts'

const commands = await allCommands()

const waits = { ok: true, document: { state: 'waiting' }, fault: expect.any(String) as string }

const mayNeedSecond = ({ touches, sometimes }: Duty) =>
  [...touches, ...(sometimes ? [sometimes.touch] : [])].some((touch) => agreements[touch] === 'second')

const remote = commands.flatMap(({ access, ...command }) =>
  'local' in access ? [] : [{ name: nameOf(command), fields: command.fields, access }],
)

it('asks a second administrator for these commands, and every remote command touches something', () => {
  for (const { name, access } of remote) expect(access.touches.length, name).toBeGreaterThan(0)
  const touched = new Set(remote.flatMap(({ access: { touches, sometimes } }) => [...touches, sometimes?.touch]))
  for (const touch of Object.keys(agreements)) expect(touched, touch).toContain(touch)
  expect(remote.filter(({ access }) => mayNeedSecond(access)).map(({ name }) => name)).toEqual([
    'client create',
    'client update',
    'client delete',
    'person create',
    'person reveal',
    'person correct',
    'person remove-tokens',
    'person prove',
    'person keep-number',
    'person reset-password',
    'org create',
    'admin grant',
  ])
})

it('a command with a secret is given again after the approval, because a request stores no secret', () => {
  for (const { name, fields, access } of remote) {
    const hasSecret = Object.values(fields).some(({ type }) => type === 'secret')
    if (hasSecret && mayNeedSecond(access)) expect(access.secret, name).toBe(true)
  }
})

it('one operator neither removes an administrator nor takes over a citizen by opening and proving accounts', async () => {
  const { administrator, services } = await openRemoteServices()
  const [operator, boss, second] = [
    await administrator('operator', '440000'),
    await administrator('admin', '440000'),
    await administrator('admin', '440000'),
  ]
  const citizen = await openPerson(services, { name: '王小明' })
  for (const id of [boss.personId, citizen.id]) {
    const rival = await rivalOf(services, {
      id,
      number: services.persons.reveal((await services.persons.find(id)) ?? never()).documentNumber,
    })
    expect(await operator.run('person prove', { id: rival.id, 'both-present': true })).toMatchObject(waits)
    expect(await services.persons.find(id)).toMatchObject({ identityLevel: 3 })
    // the account that would lose by it cannot refuse the request, although no id names it
    const request = (await services.approvals.list()).find(({ state }) => state === 'waiting')
    const decide = { id: request?.id ?? '' }
    if (id === boss.personId) {
      expect(await boss.run('approval refuse', decide)).toMatchObject({ ok: false, kind: 'forbidden' })
    }
    expect(await second.run('approval approve', decide)).toMatchObject({
      ok: true,
      document: { level: 4, superseded: [id] },
    })
    expect(await services.persons.find(id)).toMatchObject({ identityLevel: 2 })
  }
  expect(await services.administrators.acting(boss.personId)).toBeUndefined()
})

const never = (): never => {
  throw new Error('no such account')
}

it('an account of level 3 needs two administrators, and the second one never sees the password', async () => {
  const { administrator, services } = await openRemoteServices()
  const [operator, second] = [await administrator('operator', '440000'), await administrator('admin', '440000')]
  const input = {
    name: '周小桐',
    'id-number': residentId('44030019900101001'),
    phone: '13800138321',
    username: 'zhouxiaotong',
    password,
    'document-type': 'resident_id',
  }
  for (const level of [undefined, 3]) {
    const given = level === undefined ? input : { ...input, level }
    expect(await operator.run('person create', given)).toMatchObject(waits)
  }
  expect(await operator.run('person create', { ...input, username: 'another', level: 2 })).toMatchObject({
    document: { level: 2 },
  })
  const request = (await services.approvals.list()).find((one) => one.input['level'] === 3)
  const shown = await second.run('approval list')
  expect(JSON.stringify([request, shown])).not.toContain(password)
  expect(await second.run('approval approve', { id: request?.id ?? '' })).toMatchObject({
    document: { state: 'approved' },
  })
  // exactly the approved input, also the password
  expect(await operator.run('person create', { ...input, level: 3, password: `${password}x` })).toMatchObject(waits)
  expect(await operator.run('person create', { ...input, level: 3 })).toMatchObject({ document: { level: 3 } })
})

let portals = 0
/** A portal of a city, with a new name for each call. */
const city = () => ({
  name: `深圳门户${(portals += 1)}`,
  region: '440300',
  'redirect-uri': ['https://www.sz.example/cb'],
})

it('a portal gets identity or phone without consent only by two administrators', async () => {
  const { administrator, services } = await openRemoteServices()
  for (const region of ['440300', '440000']) {
    const [operator, second] = [await administrator('operator', region), await administrator('admin', region)]
    for (const scope of ['openid identity', 'openid profile phone', 'openid identity phone']) {
      const input = { ...city(), scope, consent: 'implicit' }
      expect(await operator.run('client create', input), scope).toMatchObject(waits)
    }
    // the same holds in two steps, in either order, with default fields, and for a portal that has it already
    const created = documentOf(await operator.run('client create', { ...city(), scope: 'openid identity' }))
    const id = String(created['client_id'])
    expect(await operator.run('client update', { id, consent: 'implicit' })).toMatchObject(waits)
    const other = documentOf(await operator.run('client create', { ...city(), scope: 'openid', consent: 'implicit' }))
    const update = { id: String(other['client_id']), scope: 'openid phone' }
    expect(await operator.run('client update', update)).toMatchObject(waits)
    const request = (await services.approvals.list()).find(({ input }) => input['id'] === update.id)
    expect(await second.run('approval approve', { id: request?.id ?? '' })).toMatchObject({ ok: true })
    expect(await operator.run('client update', update)).toMatchObject({ document: { scope: 'openid phone' } })
    const moved = { id: update.id, 'redirect-uri': ['https://www.sz.example/other'] }
    expect(await operator.run('client update', moved)).toMatchObject(waits)
    expect(await operator.run('client update', { id: update.id, consent: 'ask' })).toMatchObject({ ok: true })
    expect(await operator.run('client update', moved)).toMatchObject({ ok: true })
  }
  const silent = (await services.clients.list()).filter(
    ({ consent, scope }) => consent === 'implicit' && scope.length > 1,
  )
  expect(silent).toEqual([])
})

it('an administrator of a city cannot give a portal the subject identifiers of other cities', async () => {
  const { administrator, services } = await openRemoteServices()
  const { run } = await administrator('operator', '440300')
  const province = await administrator('operator', '440000')
  const there = [
    { 'redirect-uri': ['https://www.gz.example/cb'] },
    { 'redirect-uri': ['https://a.gz.example/cb'], sector: 'https://sector.gz.example/list' },
    { 'redirect-uri': ['cn.gz.app:/cb'], type: 'native' },
  ]
  for (const [index, one] of there.entries()) {
    await province.run('client create', { ...city(), ...one, name: `广州${index}`, region: '440100' })
  }
  const forbidden = (field: string) => ({ ok: false, kind: 'forbidden', problems: [{ field }] })
  const own = documentOf(await run('client create', { ...city(), 'redirect-uri': ['https://own.sz.example/cb'] }))
  const id = String(own['client_id'])
  const takes: [Input, string][] = [
    [{ 'redirect-uri': ['https://www.gz.example/other'] }, 'redirect-uri'],
    [{ sector: 'https://www.gz.example/x' }, 'sector'],
    [{ sector: 'https://sector.gz.example/x' }, 'sector'],
    // of several hosts the first one would count
    [
      { 'redirect-uri': ['https://sz.example/cb', 'https://x.example/cb'], sector: 'https://sector.gz.example' },
      'sector',
    ],
    // the scheme of an app is its sector
    [{ 'redirect-uri': ['cn.gz.app:/cb'], type: 'native' }, 'redirect-uri'],
  ]
  for (const [take, field] of takes) {
    expect(await run('client create', { ...city(), ...take }), JSON.stringify(take)).toMatchObject(forbidden(field))
    expect(await run('client update', { id, ...take }), JSON.stringify(take)).toMatchObject(forbidden(field))
  }
  // a redirect host of another city's portal with its own sector gives different identifiers
  expect(await run('client create', { ...city(), 'redirect-uri': ['https://a.gz.example/x'] })).toMatchObject({
    ok: true,
  })
  expect(await run('client update', { id, 'min-level': 3 })).toMatchObject({ ok: true })
  expect((await services.clients.find(id))?.redirect_uris).toEqual(['https://own.sz.example/cb'])
})

it('an organisation that no register has needs two administrators', async () => {
  const { administrator, services } = await openRemoteServices()
  const operator = await administrator('operator', '440000')
  const representative = await openPerson(services)
  const uscc = creditCode()
  const input = { name: '云岭公司', uscc, representative: representative.id }
  expect(await operator.run('org create', input)).toMatchObject(waits)
  const entry = { uscc, name: '云岭公司', status: 'active' as const, documentType: 'resident_id' }
  await services.database
    .transaction()
    .execute((t) => services.businessRegister.add(t, [{ ...entry, documentNumber: representative.number }]))
  expect(await operator.run('org create', input)).toMatchObject({ ok: true, document: { uscc } })
})
