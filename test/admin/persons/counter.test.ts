import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { allCommands } from '../../../src/admin/commands.ts'
import { nameOf } from '../../../src/admin/command.ts'
import { budgets } from '../../../src/config/budgets.ts'
import type { Services } from '../../../src/services.ts'
import { commandLine } from '../../cli/in-process.ts'
import { residentId } from '../../setup/people.ts'
import { openPerson } from '../../setup/person.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'
import { durableStore } from '../../setup/stores.ts'
import { openRemoteServices } from '../remote/remote-services.ts'

/** A command line with a channel, for the commands about bindings. */
function commandLineWithChannel() {
  const directory = temporaryDirectory()
  const row = { id: 'yss', kind: 'wechat-mini', name: '粤省事', appid: 'wx1', secretFile: 'secret' }
  writeFileSync(join(directory, 'secret'), 'x')
  writeFileSync(
    join(directory, 'channels.json'),
    JSON.stringify([{ ...row, namespace: 'gd', subject: 'unionid', level: 2 }]),
  )
  return commandLine({ environment: { YIDENG_CHANNELS: join(directory, 'channels.json') } })
}

type Line = ReturnType<typeof commandLine>
type Person = Awaited<ReturnType<typeof openPerson>>

const open = (line: Line, overrides?: Parameters<typeof openPerson>[1]): Promise<Person> =>
  line.withServices((services) => openPerson(services, overrides))

const auditRows = ({ database }: Services, event: string) =>
  database.selectFrom('audit_events').selectAll().where('event', '=', event).orderBy('sequence').execute()

const personCommands = (await allCommands())
  .filter(({ fields }) => 'id-number' in fields && 'username' in fields)
  .filter(({ resolve }) => resolve !== undefined)

/** What a command needs besides the person. */
const more: Record<string, (other: Person) => string[]> = {
  'channel unbind': () => ['--channel', 'yss'],
  'person agree-face': ({ id }) => ['--guardian', id],
  'person give-token': () => ['--serial', 'GM10030042'],
  'person correct': () => ['--name', '陈小文', '--reason', 'typo'],
  'person reveal': () => ['--reason', 'court order'],
}

const allWays: Record<string, (person: Person) => string[]> = {
  'the id': ({ id }) => [id],
  'the document number': ({ number }) => [number],
  'the phone': ({ phone }) => [phone],
  'the username': ({ username }) => [username],
  '--id-number': ({ number }) => ['--id-number', number],
  '--phone': ({ phone }) => ['--phone', phone],
  '--username': ({ username }) => ['--username', username],
}

/** In `person correct`, a phone is always the new one. */
const waysOf = (command: string) =>
  Object.entries(allWays).filter(([way]) => command !== 'person correct' || way !== '--phone')

it('every command about one person is one of this mechanism', async () => {
  const others = (await allCommands()).filter(({ noun, resolve }) => noun === 'person' && resolve === undefined)
  expect(others.map(nameOf)).toEqual([
    'person create',
    'person list',
    'person find',
    'person import-tokens',
    'person import',
  ])
  expect(personCommands.length).toBeGreaterThanOrEqual(12)
})

describe.each(personCommands.map((command) => [nameOf(command), command] as const))('%s', (name, command) => {
  it('takes its person by id, document number, phone or username, and acts on no other account', async () => {
    const line = commandLineWithChannel()
    const other = await open(line)
    const words = name.split(' ')
    for (const [way, wordsOf] of waysOf(name)) {
      const person = await open(line, { level: name === 'person correct' ? 2 : 3 })
      const { code, err } = await line.yideng(...words, ...wordsOf(person), ...(more[name]?.(other) ?? []))
      // 1 and 2: the command itself refuses this person, such as one without recovery codes
      expect([way, code, err]).not.toEqual([way, 3, expect.any(String)])
      expect(err, way).not.toMatch(/is missing|has no flag|Several accounts/)
      if (way === 'the id') continue
      const last = await line.withServices((services) => auditRows(services, 'administrator.looked-up'))
      expect(last.at(-1), way).toMatchObject({ person_id: person.id, actor: 'administrator:test' })
      expect(JSON.parse(last.at(-1)?.details ?? '')).toMatchObject({ command: name, found: 1 })
    }
    const acts = await line.withServices(({ audit }) =>
      audit.ofPerson(other.id, { events: ['person.locked', 'person.corrected', 'recovery.link-made'], limit: 9 }),
    )
    expect(acts).toEqual([])
  })

  it('exits with 3 for an unknown person, with 2 for no person or two ways, and repeats no value', async () => {
    const line = commandLineWithChannel()
    const someone = await open(line)
    const rest = more[name]?.(someone) ?? []
    const nobody = residentId('44030019880808001')
    const unknown = await line.yideng(...name.split(' '), nobody, ...rest)
    expect([unknown.code, unknown.err]).toEqual([3, 'There is no such person.\n'])
    const missing = await line.yideng(...name.split(' '), ...rest)
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('PERSON is missing')])
    if (name === 'person correct') return
    const twice = await line.yideng(...name.split(' '), someone.id, '--phone', someone.phone, ...rest)
    expect([twice.code, twice.err]).toEqual([2, expect.stringContaining('in one way only')])
    expect(twice.err).not.toContain(someone.phone)
  })

  it('refuses two accounts that fit, lists them masked, and changes neither', async () => {
    const line = commandLineWithChannel()
    const [one, two, guardian] = [await open(line), await open(line, { level: 2 }), await open(line)]
    await line.withServices((services) =>
      services.persons.correct(
        two.id,
        { phone: `+86${one.phone}` },
        { by: { actor: 'administrator:test' }, source: 'counter' },
      ),
    )
    const before = await line.withServices(({ database }) =>
      database.selectFrom('natural_persons').selectAll().orderBy('id').execute(),
    )
    const { code, out, err } = await line.yideng(...name.split(' '), one.phone, ...(more[name]?.(guardian) ?? []))
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('Several accounts fit')
    for (const { id, number, username } of [one, two]) {
      expect(err).toContain(id)
      expect(err).not.toMatch(new RegExp(`${number}|${one.phone}|${username}|陈大文`))
    }
    const after = await line.withServices(({ database }) =>
      database.selectFrom('natural_persons').selectAll().orderBy('id').execute(),
    )
    expect(after).toEqual(before)
  })

  it('may be run remotely by those only who may run it with an id', () => {
    expect(command.access).not.toHaveProperty('local')
  })
})

describe('person find', () => {
  it('finds by each value and by the exact name, masked, and the audit log has the kind, never the value', async () => {
    const line = commandLineWithChannel()
    const person = await open(line, { name: '欧阳小芳' })
    await open(line)
    const ways: typeof allWays = { ...allWays, '--name': () => ['--name', '欧阳小芳'] }
    for (const [way, wordsOf] of Object.entries(ways)) {
      const words = wordsOf(person)
      const { code, out } = await line.yideng('person', 'find', ...words, '--json')
      expect([way, code]).toEqual([way, 0])
      expect(JSON.parse(out), way).toEqual([expect.objectContaining({ id: person.id, name: '欧***', level: 3 })])
      expect(out, way).not.toMatch(new RegExp(`${person.number}|${person.phone}|${person.username}|欧阳小芳`))
    }
    for (const words of [
      ['--name', '欧阳'],
      ['--name', '欧阳小'],
      ['--id-number', person.phone],
      ['--phone', '13900000000'],
    ]) {
      expect(await line.yideng('person', 'find', ...words)).toEqual({
        code: 3,
        out: '',
        err: 'There is no such person.\n',
      })
    }
    const rows = await line.withServices((services) => auditRows(services, 'administrator.looked-up'))
    expect(rows.map(({ details }) => (JSON.parse(details) as { by: unknown }).by)).toEqual([
      ['document'],
      ['phone'],
      // a username may be a passport
      ['username', 'document'],
      ['document'],
      ['phone'],
      ['username'],
      ['name'],
      ['name'],
      ['name'],
      ['phone'],
    ])
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`${person.number}|${person.phone}|${person.username}|欧阳`))
  })

  it('finds the accounts of an older version by name too, once a server has made their indexes', async () => {
    const { fillNameIndexes } = await import('../../../src/accounts/name-indexes.ts')
    const line = commandLineWithChannel()
    const { id } = await open(line, { name: '慕容雪' })
    await line.withServices(async ({ database, dataKeys }) => {
      await database.updateTable('natural_persons').set({ name_index: null }).execute()
      expect((await line.yideng('person', 'find', '--name', '慕容雪')).code).toBe(3)
      const deps = { database, cipher: dataKeys.cipher, lookup: dataKeys.lookup }
      expect([await fillNameIndexes(deps), await fillNameIndexes(deps)]).toEqual([1, 0])
    })
    expect(await line.json('person', 'find', '--name', '慕容雪')).toMatchObject([{ id }])
  })

  it('stops an administrator who looks for too many people, counts parallel lookups, and starts again', async () => {
    let now = Date.UTC(2026, 10, 24)
    const line = commandLine({ clock: () => now, environment: await durableStore() })
    const person = await open(line)
    const { most, seconds } = budgets.lookups
    const answers = await line.withServices(({ personLookups }) =>
      Promise.all(
        Array.from({ length: most + 5 }, () =>
          personLookups.look([{ kind: 'phone', value: '+8613900000000' }], {
            actor: 'administrator:test',
            command: 'person find',
          }),
        ),
      ),
    )
    expect(answers.filter((found) => found !== undefined)).toHaveLength(most)
    const found = () => line.yideng('person', 'show', person.phone)
    expect(await found()).toMatchObject({ code: 1, err: expect.stringContaining('too many people') })
    expect((await line.yideng('person', 'show', person.id)).code).toBe(0)
    const refused = await line.withServices((services) => auditRows(services, 'administrator.looked-up'))
    expect(refused.filter(({ details }) => details.includes('"refused":true'))).toHaveLength(1)
    const other = await line.withServices(({ personLookups }) =>
      personLookups.look([{ kind: 'phone', value: `+86${person.phone}` }], {
        actor: 'administrator:other',
        command: 'person find',
      }),
    )
    expect(other).toHaveLength(1)
    now += seconds * 1000
    expect((await found()).code).toBe(0)
  })
})

describe('remotely', () => {
  it('looks for no person before the role allows it, and stores the id in place of the value', async () => {
    const { administrator, services } = await openRemoteServices()
    const [viewer, county, operator, boss] = [
      await administrator('viewer', '440000'),
      await administrator('operator', '440300'),
      await administrator('operator', '440000'),
      await administrator('admin', '440000'),
    ]
    const person = await openPerson(services)
    for (const one of [viewer, county]) {
      const answers = await Promise.all(
        [person.number, residentId('44030019880808001')].map((id) => one.run('person lock', { id })),
      )
      expect(answers[0]).toEqual(answers[1])
      expect(answers[0]).toMatchObject({ ok: false, kind: 'forbidden' })
    }
    expect(await auditRows(services, 'administrator.looked-up')).toEqual([])
    const input = { 'id-number': person.number, phone: '13911112222', reason: '换号' }
    expect(await operator.run('person correct', input)).toMatchObject({ ok: true, document: { state: 'waiting' } })
    const [request] = await services.approvals.list()
    expect(request?.input).toEqual({ id: person.id, phone: '13911112222', reason: '换号' })
    expect(JSON.stringify(await boss.run('approval list'))).not.toContain(person.number)
    expect(await boss.run('approval approve', { id: request?.id ?? '' })).toMatchObject({ ok: true })
    const found = await services.persons.findAll([{ kind: 'phone', value: '+8613911112222' }], 9)
    expect(found.map(({ id }) => id)).toEqual([person.id])
    // a name alone needs one administrator; the register decides about it
    await services.database
      .transaction()
      .execute((t) =>
        services.register.add(t, [{ documentType: 'resident_id', documentNumber: person.number, nameKey: '陈大雯' }]),
      )
    const name = { id: person.phone, name: '陈大雯', reason: 'typo' }
    expect(await operator.run('person correct', name)).toMatchObject({ ok: false, kind: 'not_found' })
    expect(await operator.run('person correct', { ...name, id: '13911112222' })).toMatchObject({
      ok: true,
      document: { corrected: ['name'] },
    })
    const rows = await services.database.selectFrom('audit_events').selectAll().execute()
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`${person.number}|${person.phone}|13911112222|陈大|换号`))
  })
})
