import { expect, it } from 'vitest'
import { administratorRoles, mayAct } from '../../../src/accounts/administrators.ts'
import { allCommands } from '../../../src/admin/commands.ts'
import { nameOf, type Command } from '../../../src/admin/command.ts'
import { creditCode, openOrganisation } from '../../setup/organisation.ts'
import { documentOf, openRemoteServices } from './remote-services.ts'

const commands = await allCommands()

const missing = { ok: false, kind: 'not_found' }
const forbidden = { ok: false, kind: 'forbidden' }

/** A valid input about objects that do not exist. */
const inputFor = ({ fields }: Command) =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, field]) => field.required)
      .map(([name, field]) => [name, field.choices?.[0] ?? (name === 'region' ? '440300' : 'nobody')]),
  )

it('allows each role its commands only, for every command', async () => {
  const { administrator } = await openRemoteServices()
  for (const role of administratorRoles) {
    const { run } = await administrator(role, '440000')
    for (const command of commands) {
      const { access } = command
      // an allowed change would need a real input
      if (!('local' in access) && mayAct(role, access.role)) continue
      expect(await run(nameOf(command), inputFor(command)), `${role}: ${nameOf(command)}`).toMatchObject(forbidden)
    }
  }
})

it('reserves deletion, revealing and granting for the role admin', () => {
  const dangerous = commands.filter(({ noun, verb = '' }) => /delete|reveal|grant/.test(`${noun} ${verb}`))
  expect(dangerous.map(nameOf)).toEqual(expect.arrayContaining(['client delete', 'person reveal', 'admin grant']))
  for (const { access } of dangerous) expect(access).toMatchObject({ role: 'admin' })
})

it('hides and protects the portals of other regions', async () => {
  const { administrator, portal, services } = await openRemoteServices()
  const [nanshan, guangzhou, everywhere] = [
    await portal('南山', '440305'),
    await portal('广州', '440100'),
    await portal('省内不分地区'),
  ]
  const shenzhen = await administrator('admin', '440300')
  const district = await administrator('admin', '440305')
  const province = await administrator('admin', '440000')
  // portals of one millisecond have no order
  const ids = async ({ run }: typeof shenzhen) =>
    documentOf(await run('client list'))
      .map(({ client_id }: Record<string, unknown>) => String(client_id))
      .toSorted()
  expect(await ids(shenzhen)).toEqual([nanshan])
  expect(await ids(district)).toEqual([nanshan])
  expect(await ids(province)).toEqual([nanshan, guangzhou, everywhere].toSorted())

  for (const verb of ['show', 'update', 'rotate-secret', 'suspend', 'resume', 'delete']) {
    const input = verb === 'update' ? { 'min-level': 3 } : {}
    for (const id of [guangzhou, everywhere]) {
      const there = await shenzhen.run(`client ${verb}`, { id, ...input })
      const nowhere = await shenzhen.run(`client ${verb}`, { id: 'nobody', ...input })
      expect(there).toMatchObject(missing)
      expect(JSON.stringify(there).replaceAll(id, 'nobody')).toBe(JSON.stringify(nowhere))
    }
  }
  expect(await services.clients.find(guangzhou)).toMatchObject({ status: 'active', min_level: 2 })
  expect(await services.approvals.list()).toEqual([])
})

it('refuses to register or move a portal outside the own region', async () => {
  const { administrator, portal } = await openRemoteServices()
  const { run } = await administrator('operator', '440300')
  const created = { name: '门户', 'redirect-uri': ['https://a.example/callback'] }
  for (const region of [undefined, '', '440100', '440000', '999999']) {
    const outcome = await run('client create', { ...created, ...(region === undefined ? {} : { region }) })
    expect(outcome, region).toMatchObject({ ok: false })
  }
  const id = await portal('福田', '440304')
  for (const region of ['440100', '440000', '']) {
    expect(await run('client update', { id, region })).toMatchObject(forbidden)
  }
  // nor share the subject identifiers of other regions' portals (OIDC Core 8.1)
  await portal('广州', '440100', { sector: 'https://sector.example' })
  const mine = await portal('南山', '440305', { sector: 'https://mine.example' })
  for (const shared of [{ 'subject-type': 'public' }, { sector: 'https://sector.example/other' }]) {
    expect(await run('client create', { ...created, region: '440304', ...shared })).toMatchObject(forbidden)
    expect(await run('client update', { id, ...shared })).toMatchObject(forbidden)
  }
  expect(await run('client update', { id: mine, sector: 'https://mine.example' })).toMatchObject({ ok: true })
  expect(await run('client update', { id, region: '440305' })).toMatchObject({ ok: true })
  expect(await run('client create', { ...created, region: '440303' })).toMatchObject({ ok: true })
})

it('shows accounts to administrators of the province only', async () => {
  const { administrator } = await openRemoteServices()
  const { run, personId } = await administrator('admin', '440300')
  for (const name of ['person list', 'person show', 'person lock', 'person reveal', 'keys list']) {
    const there = await run(name, { id: personId, limit: 10, reason: 'x' })
    expect(there, name).toEqual(await run(name, { id: 'nobody', limit: 10, reason: 'x' }))
    expect(there, name).toMatchObject(forbidden)
  }
  const province = await administrator('viewer', '440000')
  expect(await province.run('person show', { id: personId })).toMatchObject({ ok: true })
})

it('finds the region of an organisation in its code', async () => {
  const { administrator, services } = await openRemoteServices()
  const ofProvince = await openOrganisation(services)
  const shenzhen = await administrator('operator', '440300')
  const [there, nowhere] = [
    await shenzhen.run('org show', { id: ofProvince.id }),
    await shenzhen.run('org show', { id: 'nobody' }),
  ]
  expect(JSON.stringify(there).replaceAll(ofProvince.id, 'nobody')).toBe(JSON.stringify(nowhere))
  expect(await shenzhen.run('org suspend', { id: ofProvince.id })).toMatchObject(missing)
  expect(documentOf(await shenzhen.run('org list', { limit: 10 }))).toEqual([])
  const province = await administrator('operator', '440000')
  expect(documentOf(await province.run('org list', { limit: 10 }))).toHaveLength(1)
  expect(await province.run('org suspend', { id: ofProvince.id })).toMatchObject({ ok: true })
  const uscc = creditCode()
  const create = { name: '公司', uscc, representative: ofProvince.representative.id }
  expect(await shenzhen.run('org create', create)).toMatchObject(forbidden)
})

it('shows and changes administrators of the own region only, and needs two to grant a role', async () => {
  const { administrator, services } = await openRemoteServices()
  const shenzhen = await administrator('admin', '440300')
  const other = await administrator('admin', '440300')
  const guangzhou = await administrator('viewer', '440100')
  const listed = documentOf(await shenzhen.run('admin list')).map(({ id }: Record<string, unknown>) => id)
  expect(new Set(listed)).toEqual(new Set([shenzhen.personId, other.personId]))
  const grant = { id: guangzhou.personId, role: 'admin', region: '440305' }
  expect(await shenzhen.run('admin revoke', { id: guangzhou.personId })).toMatchObject(missing)
  expect(await shenzhen.run('admin grant', grant)).toMatchObject(missing)
  expect(await shenzhen.run('admin grant', { ...grant, id: other.personId, region: '440000' })).toMatchObject(forbidden)
  expect(await shenzhen.run('admin grant', { ...grant, id: other.personId })).toMatchObject({
    ok: true,
    fault: /second/,
  })
  expect(await services.administrators.find(other.personId)).toMatchObject({ region: '440300' })
})
