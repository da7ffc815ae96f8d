import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nameOf, numberOf, rowOf } from '../../accounts/imports/rows.ts'
import { cannotRun } from '../../setup/parts.ts'
import { openPerson } from '../../setup/person.ts'
import { makePostgres } from '../../setup/stores.ts'
import { importing, onRegister, personOf } from './importing.ts'

const none = {
  new: 0,
  linked: 0,
  'conflict-name': 0,
  'duplicate-in-file': 0,
  malformed: 0,
  'phone-shared': 0,
  'username-taken': 0,
  asked: 0,
}
const md5 = '5f4dcc3b5aa765d61d8327deb882cf99'
const day = 86_400_000

describe('person import', () => {
  it('puts each row into its class, with a private file for each', async () => {
    const { write, run, classFile, withServices, directory } = importing()
    const known = await withServices(async (services) => {
      const matched = [1, 3, 4, 8, 9, 11, 12].map(personOf)
      await onRegister(services, [...matched, { number: numberOf(10), name: '另一人' }])
      const same = await openPerson(services, { name: nameOf(1), number: numberOf(1) })
      await openPerson(services, { name: '另一人', number: numberOf(2) })
      const claims = await openPerson(services, {
        name: nameOf(3),
        number: numberOf(3),
        level: 2,
        phone: '13800009999',
      })
      return { same: same.id, claims: claims.id }
    })
    write([
      rowOf(1), // linked: both have proven number and name
      rowOf(2), // the store has proven the number for another name
      rowOf(3), // another account only claims the number
      rowOf(4),
      rowOf(4), // the same row again
      rowOf(5, { document: rowOf(4).document, name: nameOf(4) }), // the person of row 4 with another account
      rowOf(6, { document: rowOf(4).document }), // another name for the number of row 4
      rowOf(7, { document: { type: 'resident_id', number: '440600199001010010' } }), // a wrong check digit
      rowOf(8, { phone: '13800009999' }),
      rowOf(9, { username: 'foshan-4' }),
      rowOf(10, { username: '佛山用户' }),
      rowOf(11, { level: 2, document: rowOf(2).document, name: '另一人' }), // not proven by the upstream
      rowOf(12, { level: 4 }),
    ])
    const preview = await run('--dry-run')
    const done = await run()
    expect(done).toEqual({
      ...none,
      batch: done['batch'],
      new: 7,
      linked: 1,
      'conflict-name': 2,
      'duplicate-in-file': 2,
      malformed: 1,
      'phone-shared': 1,
      'username-taken': 2,
    })
    expect(preview).toEqual({ ...done, samples: expect.anything() as unknown })
    expect(done['batch']).toMatch(/^foshan-[\da-f]{12}$/)

    const { batch } = done
    expect(classFile(batch, 'linked')).toEqual([{ line: 1, person: known.same }])
    expect(classFile(batch, 'conflict-name')).toEqual([
      { line: 2, problem: 'other_name_in_store' },
      { line: 7, problem: 'other_name_in_file' },
    ])
    expect(classFile(batch, 'duplicate-in-file')).toEqual([
      { line: 5, problem: 'sub_repeated' },
      { line: 6, problem: 'document_repeated' },
    ])
    expect(classFile(batch, 'malformed')).toEqual([{ line: 8, problem: 'document_number_check_digit' }])
    expect(classFile(batch, 'new').map(({ line }) => line)).toEqual([3, 4, 9, 10, 11, 12, 13])
    const at = join(directory, 'data', 'imports', String(batch))
    expect(statSync(at).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(at)) expect(statSync(join(at, name)).mode & 0o777, name).toBe(0o600)

    await withServices(async ({ persons, upstreamLinks, authenticators, inbox }) => {
      const [opened] = classFile(batch, 'new')
      const person = (await persons.find(opened?.person ?? '')) ?? expect.fail()
      expect(persons.reveal(person)).toMatchObject({ name: nameOf(3), documentNumber: numberOf(3) })
      expect(person).toMatchObject({ identityLevel: 3, possession: 'upstream' })
      const levels = await Promise.all(classFile(batch, 'new').map(({ person: id }) => persons.find(id ?? '')))
      // rows 3, 4, 8, 9, 10, 11 and 12: the register has another name for 10, and the upstream has not proven 11
      expect(levels.map((one) => one?.identityLevel)).toEqual([3, 3, 3, 3, 2, 2, 3])
      const shown = 'upstream'
      expect(levels.map((one) => one?.possession)).toEqual([shown, shown, shown, shown, shown, null, shown])
      // the account that only claims the number learns nothing and loses nothing
      expect((await persons.find(known.claims))?.identityLevel).toBe(2)
      expect(await inbox.unread(known.claims)).toBe(0)
      // the linked person keeps their password and is told
      expect(await inbox.list(known.same, 9)).toMatchObject([
        { kind: 'upstream-linked-by-number', details: { upstream: 'foshan' } },
      ])
      expect(await authenticators.list(known.same)).toHaveLength(1)
      expect(await upstreamLinks.find({ upstream: 'foshan', subject: 'fs-1' })).toMatchObject({
        personId: known.same,
        level: 3,
        opened: false,
      })
      expect(await upstreamLinks.find({ upstream: 'foshan', subject: 'FS-1' })).toBeUndefined()
      expect(await upstreamLinks.find({ upstream: 'other', subject: 'fs-1' })).toBeUndefined()
      const aliased = await upstreamLinks.find({ upstream: 'foshan', subject: 'fs-10' })
      expect(await upstreamLinks.alias(aliased?.personId ?? '')).toEqual([{ upstream: 'foshan', alias: '佛山用户' }])
    })
  })

  it('shows masked examples in a dry run, and writes nothing', async () => {
    const { write, run, file, yideng, withServices, directory } = importing()
    write([rowOf(1), rowOf(2, { document: { type: 'resident_id', number: '1' } })])
    const preview = JSON.stringify(await run('--dry-run'))
    const { out } = await yideng('person', 'import', file, '--upstream', 'foshan', '--dry-run')
    for (const text of [preview, out]) {
      expect(text).toContain(`${nameOf(1)[0]}**`)
      for (const secret of [nameOf(1), numberOf(1), '13000000001', 'fs-1']) expect(text).not.toContain(secret)
    }
    expect(readdirSync(join(directory, 'data'))).not.toContain('imports')
    await withServices(async ({ database }) => {
      for (const table of ['natural_persons', 'upstream_links', 'import_batches', 'audit_events'] as const)
        expect(await database.selectFrom(table).selectAll().execute(), table).toEqual([])
    })
  })

  it('does nothing the second time, and refuses the batch of another file', async () => {
    const { write, run, file, yideng, withServices } = importing()
    write([rowOf(1), rowOf(2)])
    const first = await run('--batch', 'first')
    expect(await run('--batch', 'first')).toEqual(first)
    // the same rows in another file are known
    write([rowOf(1), rowOf(2), rowOf(3), rowOf(2, { document: rowOf(4).document })])
    const other = await yideng('person', 'import', file, '--upstream', 'foshan', '--batch', 'first')
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining('another file') as unknown })
    expect(await run()).toMatchObject({ new: 1, linked: 2, 'duplicate-in-file': 1 })
    write([rowOf(2, { document: rowOf(4).document })])
    expect(await run()).toMatchObject({ new: 0, linked: 0, 'conflict-name': 1 })
    await withServices(async ({ database }) => {
      const rows = await database.selectFrom('natural_persons').select('id').execute()
      expect(rows).toHaveLength(3)
    })
  })

  it('keeps hashes sealed, and no form of them is in the store', async () => {
    const { write, run, directory, withServices } = importing()
    write([
      rowOf(1, { passwordHash: `$legacy$scheme=md5$$${md5}` }),
      rowOf(2, { passwordHash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' }),
      rowOf(3, { passwordHash: md5 }),
      rowOf(4, { passwordHash: '$legacy$scheme=pbkdf2-sha1,iterations=2000000000$s$00' }),
    ])
    const done = await run()
    expect(done).toMatchObject({ new: 2, malformed: 2 })
    await withServices(async ({ database }) => {
      const rows = await database.selectFrom('authenticators').select(['kind', 'data', 'mac']).execute()
      expect(rows.map(({ kind }) => kind)).toEqual(['password', 'password'])
      for (const { data, mac } of rows) {
        expect(data).toMatch(/^\{"sealed":"d1\.[\w-]+"\}$/)
        expect(mac).not.toBeNull()
      }
    })
    const data = join(directory, 'data')
    const everything = readdirSync(data, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(data, name)).isFile())
      .map((name) => readFileSync(join(data, name)).toString('latin1'))
      .join('')
    for (const bare of [
      md5,
      Buffer.from(md5, 'hex').toString('base64').slice(0, 20),
      'E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    ])
      expect(everything).not.toContain(bare)
  })

  it.each([
    [['person', 'import', 'FILE', '--upstream', 'Foshan!'], 'upstream'],
    [['person', 'import', 'FILE'], 'upstream'],
    [['person', 'import', 'FILE', '--upstream', 'foshan', '--batch', '../up'], 'batch'],
    [['person', 'import', '/no/such/file', '--upstream', 'foshan'], 'ENOENT'],
    [['person', 'import', '/tmp', '--upstream', 'foshan'], 'EISDIR'],
    [['person', 'import', 'undo'], 'missing'],
  ])('refuses %j', async (argv, about) => {
    const { write, file, yideng } = importing()
    write([rowOf(1)])
    const { code, err } = await yideng(...argv.map((one) => (one === 'FILE' ? file : one)))
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(about) as unknown })
  })

  it('survives lines of any kind', async () => {
    const { file, run, classFile } = importing()
    const bad = [
      '{"sub":1}',
      '[]',
      'null',
      '{',
      '{"__proto__":{"sub":"x"}}',
      JSON.stringify(rowOf(1, { sub: '' })),
      JSON.stringify(rowOf(1, { sub: ['a'] })),
      JSON.stringify(rowOf(1, { level: '3' })),
      JSON.stringify(rowOf(1, { name: 'x'.repeat(2000) })),
      JSON.stringify(rowOf(1, { name: '张<script>' })),
      JSON.stringify(rowOf(1, { phone: '0757-8228' })),
      JSON.stringify(rowOf(1, { document: null })),
      JSON.stringify(rowOf(1, { name: 'x'.repeat(70_000) })),
    ]
    const gbk = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xb3, 0xc2]), Buffer.from('"}\n')])
    const text = `\u{feff}\r\n${bad.join('\n')}\n\n`
    writeFileSync(file, Buffer.concat([Buffer.from(text), gbk, Buffer.from(JSON.stringify(rowOf(2)))]))
    const done = await run()
    expect(done).toMatchObject({ new: 1, malformed: bad.length + 1 })
    expect(classFile(done['batch'], 'malformed').map(({ problem }) => problem)).toEqual([
      'field_sub',
      'field_row',
      'field_row',
      'not_json',
      'field_sub',
      'field_sub',
      'field_sub',
      'field_level',
      'field_name',
      'name_malformed',
      'phone_malformed',
      'field_document',
      'line_too_long',
      'not_json',
    ])
  })
})

const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ YIDENG_DATABASE_URL: await makePostgres() })],
]

describe.each(stores)('person import undo on %s', (name, store) => {
  it.skipIf(name !== 'SQLite' && cannotRun('PostgreSQL'))(
    'removes what the import brought, and keeps accounts that were used since',
    async () => {
      let now = Date.now()
      const { write, run, json, yideng, withServices, classFile } = importing(() => now, undefined, await store())
      const older = await withServices(async (services) => {
        await onRegister(services, [personOf(1)])
        return openPerson(services, { name: nameOf(1), number: numberOf(1) })
      })
      write([rowOf(1), rowOf(2, { passwordHash: `$legacy$scheme=md5$$${md5}` }), rowOf(3), rowOf(4)])
      const done = await run()
      const batch = String(done['batch'])
      const [, third, fourth] = classFile(batch, 'new')
      await withServices(async ({ audit, database }) => {
        await audit.record({ event: 'login.succeeded', actor: 'person', personId: third?.person ?? '' })
        const claim = {
          claimant_id: older.id,
          holder_id: fourth?.person ?? '',
          asked_by: 'test',
          asked_at: now,
          due_at: now,
        }
        await database.insertInto('number_claims').values(claim).execute()
      })
      now += 29 * day
      expect(await json('person', 'import', 'undo', batch)).toEqual({ batch, removed: 1, unlinked: 1, kept: 2 })
      await withServices(async ({ database, persons, upstreamLinks, authenticators }) => {
        const rows = await database.selectFrom('natural_persons').select('id').execute()
        expect(new Set(rows.map(({ id }) => id))).toEqual(new Set([older.id, third?.person, fourth?.person]))
        expect(await persons.find(older.id)).toMatchObject({ status: 'active', identityLevel: 3 })
        expect(await upstreamLinks.of(older.id)).toEqual([])
        expect(await upstreamLinks.of(third?.person ?? '')).toHaveLength(1)
        expect(await authenticators.list(older.id)).toHaveLength(1)
        const left = await database.selectFrom('authenticators').select('person_id').execute()
        expect(left).toEqual([{ person_id: older.id }])
        const audited = await database.selectFrom('audit_events').select(['event', 'person_id']).execute()
        expect(audited).toContainEqual({ event: 'upstream.linked', person_id: older.id })
        expect(audited).toContainEqual({ event: 'upstream.unlinked', person_id: older.id })
      })
      // an undone file may be imported again
      expect(await run()).toMatchObject({ new: 1, linked: 3 })
      now += 31 * day
      const late = await yideng('person', 'import', 'undo', batch)
      expect(late).toMatchObject({ code: 2, err: expect.stringContaining('30 days') as unknown })
      expect(await yideng('person', 'import', 'undo', 'nothing')).toMatchObject({ code: 3 })
    },
  )
})
