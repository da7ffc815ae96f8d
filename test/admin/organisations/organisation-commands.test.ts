import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
import { creditCode, mandate, openOrganisation, register } from '../../setup/organisation.ts'
import { openPerson } from '../../setup/person.ts'

const head = 'uscc,name,status,representative_document_type,representative_document_number'

describe('organisations on the command line', () => {
  it('are opened, listed, shown, suspended and resumed', async () => {
    const line = commandLine()
    const representative = await line.withServices((services) => openPerson(services, { name: '林知行' }))
    const uscc = creditCode()
    const flags = ['--name', '深圳市云岭科技有限公司', '--uscc', uscc, '--representative', representative.id]
    const created = await line.json<{ id: string }>('org', 'create', ...flags)
    expect(created).toMatchObject({ uscc, kind: 'enterprise', status: 'active', representative: representative.id })
    expect(await line.json('org', 'list')).toMatchObject([{ id: created.id, name: '深圳市云岭科技有限公司' }])
    expect(await line.json('org', 'show', created.id)).toMatchObject({ blocked_by: null })
    expect(await line.json('org', 'suspend', created.id)).toEqual({ id: created.id, status: 'suspended' })
    expect(await line.json('org', 'show', created.id)).toMatchObject({ status: 'suspended', blocked_by: 'suspended' })
    expect(await line.json('org', 'resume', created.id)).toEqual({ id: created.id, status: 'active' })
    const handler = await line.withServices((services) => openPerson(services, { name: '周小桐' }))
    await line.withServices((services) =>
      mandate(services, created.id, representative, handler, { matters: ['tax.filing'] }),
    )
    expect(await line.json('org', 'mandates', created.id)).toMatchObject([
      { role: 'handler', person: handler.id, matters: ['tax.filing'], state: 'active', in_force: true },
    ])
    expect((await line.yideng('org', 'mandates', created.id)).out).toContain('tax.filing')
  })

  it.each([
    [['--uscc', '914403001922038217'], 2, 'wrong check character'],
    [['--uscc', 'short'], 2, '18 digits'],
    [['--name', '<script>'], 2, 'are not allowed in the name'],
    [['--representative', 'nobody'], 3, 'There is no such person'],
  ])('are refused with %j', async (wrong, code, message) => {
    const line = commandLine()
    const person = await line.withServices((services) => openPerson(services))
    const good: Record<string, string> = { '--name': '好公司', '--uscc': creditCode(), '--representative': person.id }
    const [flag = '', value = ''] = wrong
    const argv = Object.entries({ ...good, [flag]: value }).flat()
    expect(await line.yideng('org', 'create', ...argv)).toMatchObject({
      code,
      err: expect.stringContaining(message) as string,
    })
  })

  it('are opened by a code and a name that only the register has', async () => {
    const line = commandLine()
    const person = await line.withServices((services) => openPerson(services))
    const [uscc, name] = ['91350203M0001QKT19', '【老张】1+1面馆★']
    const flags = ['--uscc', uscc, '--representative', person.id]
    expect((await line.yideng('org', 'create', '--name', name, ...flags)).code).toBe(2)
    await line.withServices((services) => register(services, { uscc, name, representative: person }))
    expect((await line.yideng('org', 'create', '--name', '另一家', ...flags)).code).toBe(2)
    expect(await line.json('org', 'create', '--name', name, ...flags)).toMatchObject({ uscc, name, status: 'active' })
  })

  it('cannot be opened by another person, nor by an unproven one', async () => {
    const line = commandLine()
    const { uscc, name } = await line.withServices((services) => openOrganisation(services))
    for (const level of [2, 3] as const) {
      const person = await line.withServices((services) => openPerson(services, { level }))
      const answer = await line.yideng('org', 'create', '--name', name, '--uscc', uscc, '--representative', person.id)
      expect(answer.code).toBe(2)
    }
  })

  it('are not found under any unknown id', async () => {
    const line = commandLine()
    const person = await line.withServices((services) => openPerson(services))
    for (const verb of ['show', 'suspend', 'resume', 'mandates']) {
      for (const id of ['nothing', person.id, "' OR 1=1 --"]) expect((await line.yideng('org', verb, id)).code).toBe(3)
    }
  })
})

describe('the business register', () => {
  function importing(rows: string[]) {
    const line = commandLine()
    const file = join(line.directory, 'organisations.csv')
    const write = (lines: string[]) => writeFileSync(file, [head, ...lines].join('\n'))
    write(rows)
    return { ...line, write, run: () => line.yideng('register', 'import', file, '--kind', 'organisations', '--json') }
  }

  it('is filled from a file; bad rows are named by line', async () => {
    const uscc = creditCode()
    const { run, withServices } = importing([
      `${uscc},好公司,active,resident_id,11010519491231002X`,
      `9I4403001922038217,坏公司,active,resident_id,11010519491231002X`,
      `${creditCode()},坏公司,open,resident_id,11010519491231002X`,
      `${creditCode()},坏公司,active,resident_id,110105194912310021`,
      `${creditCode()},,active,resident_id,11010519491231002X`,
    ])
    const { code, out } = await run()
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      imported: 1,
      refused: [{ line: 3 }, { line: 4 }, { line: 5 }, { line: 6 }],
    })
    expect(await withServices((services) => services.businessRegister.look(uscc))).toMatchObject({
      outcome: 'found',
      name: '好公司',
    })
    // the store file has no readable name or document
    const row = await withServices((services) =>
      services.database.selectFrom('business_register').selectAll().executeTakeFirstOrThrow(),
    )
    expect(JSON.stringify(row)).not.toMatch(/好公司|11010519491231002X/)
  })

  it('ends the mandates of the old representative with a new one', async () => {
    const { run, write, withServices } = importing([])
    const { id, uscc, name } = await withServices((services) => openOrganisation(services))
    write([`${uscc},${name},active,resident_id,11010519491231002X`])
    expect((await run()).code).toBe(0)
    const organisation = await withServices((services) => services.legalPersons.find(id))
    expect(organisation?.ownerId).toBeNull()
    const noted = await withServices((services) =>
      services.database
        .selectFrom('audit_events')
        .select('event')
        .where('event', '=', 'organisation.representative-changed')
        .execute(),
    )
    expect(noted).toHaveLength(1)
  })
})
