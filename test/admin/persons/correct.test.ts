import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { textsOfToday } from '../../../src/guards/phone-codes/day-budget.ts'
import type { Services } from '../../../src/services.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { commandLine } from '../../cli/in-process.ts'
import { residentId } from '../../setup/people.ts'
import { openPerson } from '../../setup/person.ts'
import { durableStore } from '../../setup/stores.ts'
import { registered } from '../../setup/rival.ts'
import { startSmsGateway } from '../../setup/sms-gateway.ts'

const open = (line: ReturnType<typeof commandLine>, overrides?: Parameters<typeof openPerson>[1]) =>
  line.withServices((services) => openPerson(services, overrides))

const auditRows = ({ database }: Services, event: string) =>
  database.selectFrom('audit_events').selectAll().where('event', '=', event).orderBy('sequence').execute()

describe('person correct', () => {
  it('changes the phone of the person whom the present number names; old and new are sealed in the audit log', async () => {
    const line = commandLine({ environment: await durableStore() })
    const person = await open(line)
    const changed = await line.json(
      'person',
      'correct',
      '--id-number',
      person.number,
      '--phone',
      '13800138001',
      '--reason',
      '换号',
    )
    expect(changed).toMatchObject({ id: person.id, level: 3, phone: '138****8001', corrected: ['phone'] })
    expect((await line.yideng('person', 'show', person.phone)).code).toBe(3)
    expect(await line.json('person', 'show', '13800138001')).toMatchObject({ id: person.id })
    const { notices, row, endings } = await line.withServices(async (services) => ({
      notices: await services.inbox.list(person.id, 9),
      row: (await auditRows(services, 'person.corrected'))[0],
      endings: (await services.persons.find(person.id))?.endings,
    }))
    expect(notices).toMatchObject([{ kind: 'phone-corrected', details: { source: 'counter' } }])
    expect(endings?.before).toBeGreaterThan(0)
    expect(JSON.stringify(row)).not.toMatch(new RegExp(`${person.phone}|13800138001|换号`))
    const audit = await line.json<{ event: string; restricted: unknown }[]>('audit', 'list', '--restricted')
    expect(audit.find(({ event }) => event === 'person.corrected')?.restricted).toEqual({
      phone_before: `+86${person.phone}`,
      phone_after: '+8613800138001',
      reason: '换号',
    })
    expect((await line.yideng('audit', 'verify')).code).toBe(0)
  })

  it('tells the old number by a text too, and is done also where no text can be sent', async () => {
    const gateway = await startSmsGateway()
    const texts = { YIDENG_SMS: 'webhook', YIDENG_SMS_URL: gateway.url, YIDENG_HELPLINE: '0755-12345' }
    const line = commandLine({ environment: { ...(await durableStore()), ...texts } })
    const person = await open(line, { level: 2 })
    const correct = (...words: string[]) => line.json('person', 'correct', person.id, ...words, '--reason', '换号')
    await correct('--phone', '13800138002')
    expect(gateway.received).toMatchObject([{ to: `+86${person.phone}`, purpose: 'bind', code: '' }])
    expect(gateway.received[0]?.text).toMatch(/换了手机号.*0755-12345/)
    expect(gateway.received[0]?.text).not.toMatch(/13800138002|陈大文/)
    // no server has made the store of the counts: the command makes none
    const file = join(line.directory, 'data', 'artifacts.sqlite')
    expect(existsSync(file)).toBe(false)
    const artifacts = openSqliteArtifacts(file, () => Date.now())
    onTestFinished(() => artifacts.close())
    await correct('--phone', '13800138004')
    expect(await textsOfToday(artifacts)).toBe(1)
    gateway.state.behaves = 'fails'
    expect(await correct('--phone', '13800138003')).toMatchObject({ corrected: ['phone'] })
    expect(await line.withServices((services) => auditRows(services, 'text.not-sent'))).toHaveLength(1)
    // the new name is no matter of the number
    gateway.state.behaves = 'well'
    await correct('--name', '陈大雯')
    expect(gateway.received).toHaveLength(2)
  })

  it('beside PERSON or --username, --id-number is the new number; the register must have it, and level 4 falls to 3', async () => {
    const line = commandLine({ environment: await durableStore() })
    const person = await open(line)
    await line.withServices((services) => registered(services, person))
    await line.json('person', 'prove', person.id)
    const bindings = () =>
      line.withServices(({ database }) =>
        database.selectFrom('face_bindings').selectAll().where('person_id', '=', person.id).execute(),
      )
    await line.withServices(async ({ database, authenticators }) => {
      const [password] = await authenticators.list(person.id)
      const row = { authenticator_id: password?.id ?? '', person_id: person.id, bound_at: 0 }
      await database.insertInto('face_bindings').values(row).execute()
    })
    expect(await bindings()).toHaveLength(1)
    const number = residentId('44030019560414001')
    const words = ['--id-number', number, '--reason', 'the office had made a mistake']
    const refused = await line.yideng('person', 'correct', person.id, ...words)
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('register does not have this name') })
    expect(await line.json('person', 'show', person.id)).toMatchObject({ level: 4 })
    await line.withServices((services) =>
      services.database
        .transaction()
        .execute((t) =>
          services.register.add(t, [{ documentType: 'resident_id', documentNumber: number, nameKey: '陈大文' }]),
        ),
    )
    const other = await open(line, { number })
    const taken = await line.yideng('person', 'correct', person.id, ...words)
    expect(taken).toMatchObject({ code: 2, err: expect.stringContaining('person prove') })
    await line.withServices(({ database }) =>
      database.updateTable('natural_persons').set({ identity_level: 2 }).where('id', '=', other.id).execute(),
    )
    expect(await line.json('person', 'correct', '--username', person.username, ...words)).toMatchObject({
      id: person.id,
      level: 3,
      corrected: ['document'],
    })
    expect(await bindings()).toEqual([])
    // the wrong number is free, and its first owner may be found by it again
    expect((await line.yideng('person', 'find', '--id-number', person.number)).code).toBe(3)
  })

  it.each([
    ['a wrong name', ['--name', '<b>'], '--name has characters that are not allowed'],
    ['a wrong number', ['--id-number', '440300195604140011'], '--id-number has a wrong check digit'],
    ['a telephone that is no mobile', ['--phone', '0755-12345678'], '--phone must be a mobile number'],
    ['the same name', ['--name', '陈大文'], 'Nothing is different'],
    ['nothing', [], 'Nothing is different'],
    ['no reason', ['--name', '陈大雯'], '--reason is missing'],
  ])('refuses %s, and changes nothing', async (what, words, message) => {
    const line = commandLine({ environment: await durableStore() })
    const person = await open(line)
    const reason = what === 'no reason' ? [] : ['--reason', 'x']
    const { code, err } = await line.yideng('person', 'correct', person.id, ...words, ...reason)
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
    expect(await line.withServices((services) => auditRows(services, 'person.corrected'))).toEqual([])
  })

  it('of two corrections at once, one wins and the other is refused', async () => {
    const line = commandLine({ environment: await durableStore() })
    const { id } = await open(line)
    const how = { by: { actor: 'administrator:test' }, source: 'counter' } as const
    const answers = await line.withServices(({ persons }) =>
      Promise.all(['+8613911110001', '+8613911110002'].map((phone) => persons.correct(id, { phone }, how))),
    )
    expect(answers.map((one) => (one.ok ? 'done' : one.problem)).toSorted()).toEqual(['changed_meanwhile', 'done'])
    const rows = await line.withServices((services) => auditRows(services, 'person.corrected'))
    expect(rows).toHaveLength(1)
  })
})

it('a name that the register changes is followed by the proven account, and by no other', async () => {
  const line = commandLine({ environment: await durableStore() })
  const [proven, claims, same] = [await open(line), await open(line, { level: 2 }), await open(line)]
  const file = join(line.directory, 'people.csv')
  const csv = [[proven, '陈新名'] as const, [claims, '陈新名'] as const, [same, '陈大文'] as const]
    .map(([{ number }, name]) => `resident_id,${number},${name}`)
    .join('\n')
  writeFileSync(file, `document_type,document_number,name\n${csv}\n`)
  const report = await line.json('register', 'import', file, '--kind', 'people')
  expect(report).toMatchObject({ imported: 3, renamed: 1 })
  expect(await line.json('register', 'import', file, '--kind', 'people')).toMatchObject({ renamed: 0 })
  const { names, notices, rows } = await line.withServices(async (services) => ({
    names: await Promise.all(
      [proven, claims, same].map(async ({ id }) => {
        const person = await services.persons.find(id)
        return person && services.persons.reveal(person).name
      }),
    ),
    notices: await Promise.all([proven, claims].map(({ id }) => services.inbox.list(id, 9))),
    rows: await auditRows(services, 'person.corrected'),
  }))
  expect(names).toEqual(['陈新名', '陈大文', '陈大文'])
  expect(notices).toMatchObject([[{ kind: 'name-corrected', details: { source: 'register' } }], []])
  expect(rows).toMatchObject([{ person_id: proven.id, actor: 'administrator:test' }])
  expect(await line.json('person', 'find', '--name', '陈新名')).toMatchObject([{ id: proven.id, level: 3 }])
})

it('ends all sign-ins and all recovery codes, with the reason sealed, and tells the person', async () => {
  const line = commandLine({ environment: await durableStore() })
  const { id, phone } = await open(line)
  await line.withServices(({ recovery }) => recovery.makeCodes(id, { actor: 'person' }))
  expect(await line.json('person', 'show', id)).toMatchObject({ recovery_codes: 10, ways_to_sign_in: ['password'] })
  expect(await line.json('person', 'void-codes', phone, '--reason', 'lost')).toEqual({ id, recovery_codes: 0 })
  expect(await line.json('person', 'show', id)).toMatchObject({ recovery_codes: 0 })
  expect(await line.json('person', 'sign-out', phone, '--reason', 'lost')).toEqual({ id, signed_out: true })
  const { kinds, before, rows } = await line.withServices(async (services) => ({
    kinds: (await services.inbox.list(id, 9)).map(({ kind }) => kind).toSorted(),
    before: (await services.persons.find(id))?.endings.before,
    rows: await services.database.selectFrom('audit_events').selectAll().execute(),
  }))
  expect(kinds).toEqual(['recovery-codes-made', 'recovery-codes-voided', 'sign-ins-ended'])
  expect(before).toBeGreaterThan(0)
  expect(JSON.stringify(rows)).not.toContain('"lost"')
})
