import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { addDataKey } from '../../../src/keys/data-key-changes.ts'
import { reseal } from '../../../src/keys/reseal.ts'
import { unsealedRows } from '../../../src/keys/seal-rows.ts'
import { sealedUnder } from '../../../src/keys/sealed-columns.ts'
import { commandLine } from '../../cli/in-process.ts'
import { mandate, openOrganisation } from '../../setup/organisation.ts'
import { openPerson, signIn } from '../../setup/person.ts'
import { registerPortal } from '../../setup/portal.ts'
import { startServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'

describe('keys reseal', () => {
  it('moves a running store to SM4 and SM3, and back; people sign in before, during and after', async () => {
    const server = await startServer({ YIDENG_DATABASE_URL: '' })
    const services = await server.services()
    const portal = await registerPortal(services)
    const people = [await openPerson(services), await openPerson(services), await openPerson(services)]
    const comesIn = async (username: string) => {
      const visitor = new Visitor(server.issuer)
      const page = await signIn(visitor, await visitor.get((await portal.begin()).url), username)
      return page.status < 400 && page.url.pathname !== '/login'
    }
    const [first, second] = people
    await services.administrators.grant({ personId: first?.id ?? '', role: 'viewer', region: '440300' }, 'test')
    const { id: organisation, representative } = await openOrganisation(services)
    await mandate(services, organisation, representative, second ?? expect.fail())
    /** The hash in the seal of each row. */
    const hashes = async () => {
      const { database, dataKeys } = services
      dataKeys.refresh()
      expect(await unsealedRows(database, services.seal)).toEqual([])
      const found = new Set<string>()
      for (const table of ['authenticators', 'clients', 'administrators', 'mandates'] as const) {
        const rows = await sql<Record<string, string>>`SELECT * FROM ${sql.table(table)}`.execute(database)
        expect(rows.rows.length, table).toBeGreaterThan(0)
        for (const row of rows.rows) {
          const id = row[table === 'administrators' ? 'person_id' : 'id'] ?? ''
          const text = dataKeys.cipher.open(row['mac'] ?? '', `${table}.mac:${id}`)
          found.add(text.startsWith('sm3:') ? 'SM3' : 'SHA-256')
        }
      }
      return [...found]
    }
    expect(await hashes()).toEqual(['SHA-256'])
    const store = () => new DatabaseSync(join(server.dataDir, 'yideng.sqlite'), { readOnly: true })
    const used = () => {
      const open = store()
      const rows = open.prepare('select name, phone_index, phone from natural_persons').all()
      open.close()
      return rows.map((row) => [String(row['phone']).split('.')[0], String(row['phone_index']).split('.')[0]])
    }
    for (const [suite, data, index] of [
      ['guomi', 'd2', 'i2'],
      ['international', 'd3', 'i3'],
    ] as const) {
      const line = commandLine({ environment: { ...server.environment, YIDENG_SUITE: suite } })
      const warned = await line.yideng('doctor', '--json')
      expect(warned.out).toContain(`has other algorithms than YIDENG_SUITE=${suite}`)
      const going = comesIn(people[0]?.username ?? '')
      const moved = await line.yideng('keys', 'reseal', '--json')
      expect(moved.code, moved.err).toBe(0)
      expect(JSON.parse(moved.out)).toMatchObject({
        suite,
        data: { left: [] },
        index: { left: [] },
      })
      expect(await going).toBe(true)
      expect(await hashes()).toEqual([suite === 'guomi' ? 'SM3' : 'SHA-256'])
      for (const { username } of people) expect(await comesIn(username), suite).toBe(true)
      expect(used()).toEqual([...people, representative].map(() => [data, index]))
      const keys = readFileSync(join(server.environment['YIDENG_KEYS_DIR'] ?? '', 'data.json'), 'utf8')
      expect(JSON.parse(keys)).toMatchObject({ current: data })
      const listed = await line.yideng('keys', 'list')
      expect(listed.out).toMatch(suite === 'guomi' ? /SM4-CTR, HMAC-SM3 +- +seals/ : /AES-256-GCM +- +seals/)
      expect((await line.yideng('doctor', '--json')).out).not.toContain('has other algorithms')
      const again = await line.yideng('keys', 'reseal', '--json')
      expect(JSON.parse(again.out)).toEqual({ suite, data: null, index: null, seals: 0 })
    }
    expect(server.output()).not.toContain('"level":50')
  })

  it('goes on where it was killed, and makes no further key', async () => {
    const line = commandLine({ environment: { YIDENG_SUITE: 'international' } })
    const guomi = commandLine({ environment: { ...line.environment, YIDENG_SUITE: 'guomi' } })
    await line.withServices(async (services) => {
      for (let index = 0; index < 3; index += 1) await openPerson(services)
      const { database, dataKeys, settings } = services
      addDataKey(settings.keysDir, 'guomi', { useFrom: new Date().toISOString() })
      dataKeys.refresh()
      const killed = () => {
        throw new Error('killed')
      }
      await expect(reseal({ database, cipher: dataKeys.cipher, oldKeys: ['d1'], progress: killed })).rejects.toThrow()
      expect(await sealedUnder(database, ['d1'])).not.toEqual([])
    })
    expect(await guomi.json('keys', 'reseal')).toMatchObject({ data: { current: 'd2', resumed: true, left: [] } })
    await guomi.withServices(async ({ database, dataKeys }) => {
      expect(await sealedUnder(database, ['d1'])).toEqual([])
      expect(dataKeys.ids()).toEqual({ current: 'd2', old: ['d1'], waiting: [] })
      // a value that no key opens is reported each time, and no run makes a key for it
      const misplaced = dataKeys.cipher.seal('x', 'natural_persons.name:another').replace('d2.', 'd1.')
      const [one] = await database.selectFrom('natural_persons').select('id').execute()
      await database
        .updateTable('natural_persons')
        .set({ name: misplaced })
        .where('id', '=', one?.id ?? '')
        .execute()
    })
    for (let time = 0; time < 2; time += 1) {
      const { code, out } = await guomi.yideng('keys', 'reseal', '--json')
      expect([code, (JSON.parse(out) as { data: { current: string; left: string[] } }).data]).toEqual([
        1,
        expect.objectContaining({ current: 'd2', left: [expect.stringContaining('natural_persons.name:')] }),
      ])
    }
  })

  it('is not needed by a store that begins under guomi', async () => {
    const server = await startServer({ YIDENG_DATABASE_URL: '', YIDENG_SUITE: 'guomi' })
    const services = await server.services()
    await openPerson(services)
    const line = commandLine({ environment: server.environment })
    expect(JSON.parse((await line.yideng('keys', 'reseal', '--json')).out)).toEqual({
      suite: 'guomi',
      data: null,
      index: null,
      seals: 0,
    })
    expect((await line.yideng('keys', 'list')).out).not.toMatch(/data .*AES|index .*SHA-256/)
  })
})
