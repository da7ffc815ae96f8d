import { describe, expect, it } from 'vitest'
import { nameOf } from '../../../src/admin/command.ts'
import { allCommands } from '../../../src/admin/commands.ts'
import { remoteContext } from '../../../src/admin/command-context.ts'
import type { Services } from '../../../src/services.ts'
import { residentId } from '../../setup/people.ts'
import { openRemoteServices } from '../remote/remote-services.ts'
import { openPerson } from '../../setup/person.ts'

const commands = await allCommands()

/** Fields that name a person, of all commands: by their placeholder. `id` of a command about one person has its own test (counter.test.ts). */
const naming = commands.flatMap((command) =>
  Object.entries(command.fields)
    .filter(([name, { placeholder }]) => placeholder === 'PERSON' && !(name === 'id' && 'id-number' in command.fields))
    .map(([field]) => ({ name: nameOf(command), field, command })),
)

it('every field of every command that names a person is found by its placeholder', () => {
  expect(naming.map(({ name, field }) => `${name}: ${field}`).toSorted()).toEqual([
    'admin grant: id',
    'admin revoke: id',
    'audit export: person',
    'audit list: person',
    'org create: representative',
    'person agree-face: guardian',
  ])
  const telling = /\b(person|account|representative|guardian|citizen|people)\b/
  const byIdOnly = commands.flatMap((command) =>
    Object.entries(command.fields)
      .filter(([, { placeholder, meaning }]) => /ID$/.test(placeholder ?? '') && telling.test(meaning))
      .map(([field]) => `${nameOf(command)}: ${field}`),
  )
  expect(byIdOnly).toEqual([])
})

const ways = ['number', 'phone', 'username', 'id'] as const

describe.each(naming)('$name: $field', ({ name, field, command }) => {
  const required = { id: 'x', uscc: 'x', name: 'x', role: 'viewer', region: '440300' }
  const look = async (services: Services, region: string, given: string) => {
    const admin = { personId: 'a', role: 'admin', region, grantedBy: 'x', grantedAt: 0 } as const
    // agree-face names two people: the child is another one
    const child = name === 'person agree-face' ? (await openPerson(services)).id : undefined
    const input = { ...required, ...(child === undefined ? {} : { id: child }), [field]: given }
    return (
      (await command.resolve?.(remoteContext(services, admin), input, name)) ?? expect.fail('no person is looked up')
    )
  }

  it('takes the id, document number, phone or username, and the rest sees the id only', async () => {
    const { services } = await openRemoteServices()
    for (const way of ways) {
      const person = await openPerson(services)
      const found = await look(services, '440000', person[way])
      expect([way, found.ok && found.input[field]]).toEqual([way, person.id])
    }
    const nobody = await look(services, '440000', residentId('44030019880808001'))
    expect(nobody).toMatchObject({ ok: false, kind: 'not_found' })
    expect(JSON.stringify(nobody)).not.toContain('44030019880808001')
    expect(command.fields[field]?.personal, 'no audit entry has what was typed').toBe(true)
  })

  it.skipIf(name.startsWith('person'))('takes only the id from an administrator of a city', async () => {
    const { services, events } = await openRemoteServices()
    const person = await openPerson(services)
    for (const way of ways.filter((one) => one !== 'id')) {
      const refused = await look(services, '440300', person[way])
      expect(refused).toMatchObject({ ok: false, kind: 'invalid', problems: [{ field }] })
      expect(JSON.stringify(refused)).not.toContain(person[way])
    }
    expect(await look(services, '440300', person.id)).toMatchObject({ ok: true })
    expect(await events()).not.toContain('administrator.looked-up')
  })
})

it('the region of an administrator is looked at after the person was found', async () => {
  const { services, administrator } = await openRemoteServices()
  const province = await administrator('admin', '440000')
  const city = await administrator('admin', '440300')
  const elsewhere = await administrator('operator', '440100')
  const other = await services.persons.find(elsewhere.personId)
  if (!other) throw new Error('the administrator is gone')
  const { documentNumber } = services.persons.reveal(other)
  const input = { id: documentNumber, role: 'viewer', region: '440300' }
  expect(await city.run('admin grant', input)).toMatchObject({ ok: false })
  expect(await city.run('admin grant', { ...input, id: elsewhere.personId })).toMatchObject({ ok: false })
  expect(await city.run('admin revoke', { id: documentNumber })).toMatchObject({ ok: false })
  expect((await services.administrators.find(elsewhere.personId))?.region).toBe('440100')
  const revoked = await province.run('admin revoke', { id: documentNumber })
  expect(revoked).toMatchObject({ ok: true })
})
