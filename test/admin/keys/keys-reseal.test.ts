import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
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
      expect(JSON.parse(moved.out)).toMatchObject({ suite, data: { left: [] }, index: { left: [] } })
      expect(await going).toBe(true)
      for (const { username } of people) expect(await comesIn(username), suite).toBe(true)
      expect(used()).toEqual(people.map(() => [data, index]))
      const keys = readFileSync(join(server.environment['YIDENG_KEYS_DIR'] ?? '', 'data.json'), 'utf8')
      expect(JSON.parse(keys)).toMatchObject({ current: data })
      const listed = await line.yideng('keys', 'list')
      expect(listed.out).toMatch(suite === 'guomi' ? /SM4-CTR, HMAC-SM3 +- +seals/ : /AES-256-GCM +- +seals/)
      expect((await line.yideng('doctor', '--json')).out).not.toContain('has other algorithms')
      const again = await line.yideng('keys', 'reseal', '--json')
      expect(JSON.parse(again.out)).toEqual({ suite, data: null, index: null })
    }
    expect(server.output()).not.toContain('"level":50')
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
    })
    expect((await line.yideng('keys', 'list')).out).not.toMatch(/data .*AES|index .*SHA-256/)
  })
})
