import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../../src/services.ts'
import { commandLine } from '../../cli/in-process.ts'
import { codeAt, registerOldPortal } from '../../setup/old-portal.ts'
import { openPerson } from '../../setup/person.ts'
import { registerPortal } from '../../setup/portal.ts'
import { startServer, type RunningServer } from '../../setup/server.ts'
import { Visitor } from '../../setup/visitor.ts'

interface Board {
  protocols: { protocol: string; portals: number; sign_ins: number; last_used: string | null }[]
  portals: { client_id: string; protocol: string; days_left: number; sign_ins: number; last_used: string | null }[]
  sources: { source: string; protocol: string; sign_ins: number }[]
  history: { begins: string; sign_ins: Record<string, number> }[]
}

let server: RunningServer
let services: Services
const yideng = (...argv: string[]) => commandLine({ environment: server.environment }).yideng(...argv)
const board = async () => JSON.parse((await yideng('client', 'legacy', '--json')).out) as Board

beforeAll(async () => {
  server = await startServer()
  services = await server.services()
})

describe('client legacy', () => {
  it('counts portals and sign-ins by protocol and by the source of the account, and the days left', async () => {
    const old = await registerOldPortal(services, { name: '旧门户甲' })
    const unused = await registerOldPortal(services, { legacy: 'tif-beijing' })
    const [here, linked] = [await openPerson(services), await openPerson(services)]
    await services.database
      .insertInto('upstream_links')
      .values({ upstream: 'province', subject_index: 'x', person_id: linked.id, level: 3, linked_at: 0, opened: 1 })
      .execute()
    const visitor = new Visitor(server.issuer)
    await codeAt(old, visitor, here.username)
    await codeAt(old, visitor, here.username)
    await codeAt(old, new Visitor(server.issuer), linked.username)
    const modern = await registerPortal(services, { consent: 'implicit' })
    await visitor.get((await modern.begin()).url)

    const { protocols, portals, sources, history } = await board()
    const of = (name: string) => protocols.find(({ protocol }) => protocol === name)
    expect(of('tif')).toMatchObject({ portals: 1, sign_ins: 3, last_used: expect.stringMatching(/^20/) })
    expect(of('oidc')).toMatchObject({ portals: 1, sign_ins: 1 })
    expect(of('tif-beijing')).toEqual({ protocol: 'tif-beijing', portals: 1, sign_ins: 0, last_used: null })
    const days = Math.ceil((Date.parse('2028-01-01T00:00:00+08:00') - services.clock()) / 86_400_000)
    expect(portals).toHaveLength(2)
    expect(portals.find(({ client_id: id }) => id === old.client.id)).toMatchObject({ days_left: days, sign_ins: 3 })
    expect(portals.find(({ client_id: id }) => id === unused.client.id)).toMatchObject({ sign_ins: 0, last_used: null })
    expect(sources).toEqual(
      expect.arrayContaining([
        { source: 'yideng', protocol: 'tif', sign_ins: 2 },
        { source: 'province', protocol: 'tif', sign_ins: 1 },
        { source: 'yideng', protocol: 'oidc', sign_ins: 1 },
      ]),
    )
    expect(history).toHaveLength(26)
    expect(history.at(-1)?.sign_ins).toEqual({ tif: 3, oidc: 1 })
  })

  it('keeps the history of a portal that has changed to OpenID Connect', async () => {
    const before = await board()
    const old = before.portals.find(({ sign_ins: signIns }) => signIns === 3)
    const { code } = await yideng('client', 'update', old?.client_id ?? '', '--legacy', '')
    expect(code).toBe(0)
    const { protocols, portals } = await board()
    expect(protocols.find(({ protocol }) => protocol === 'tif')).toMatchObject({ portals: 0, sign_ins: 3 })
    expect(portals.map(({ client_id: id }) => id)).not.toContain(old?.client_id)
  })

  it('prints a table, CSV that no spreadsheet runs, and a page that escapes every name', async () => {
    const hostile = await registerOldPortal(services, { name: "+1, 门户&'乙" })
    await codeAt(hostile, new Visitor(server.issuer), (await openPerson(services)).username)
    expect((await yideng('client', 'legacy')).out).toContain(hostile.client.id)
    const csv = (await yideng('client', 'legacy', '--csv')).out.trim().split('\n')
    expect(csv[0]).toBe('client_id,name,organisation,region,status,protocol,until,days_left,sign_ins,last_used')
    expect(csv.find((row) => row.startsWith(hostile.client.id))).toContain(`,"'+1, 门户&'乙",测试局,440300,active,tif,`)
    for (const [language, title] of [
      ['zh-CN', '旧门户还有多少'],
      ['zh-Hant', '舊網站還有多少'],
      ['en', 'Old portals that are left'],
    ] as const) {
      const { out } = await yideng('client', 'legacy', '--html', '--language', language)
      expect(out).toMatch(/^<!doctype html>/)
      expect(out).toContain(`<h1>${title}</h1>`)
      expect(out).toContain('+1, 门户&amp;&#39;乙')
      expect(out).not.toMatch(/undefined|NaN|<script|&amp;(?:amp|#39)/)
      expect(out).toMatch(/<rect class="old" x="\d+" y="48" width="\d+" height="192"\/>/)
    }
  })

  it.each([['0'], ['105'], ['1.5']])('refuses %s weeks', async (weeks) => {
    expect(await yideng('client', 'legacy', '--weeks', weeks)).toMatchObject({ code: 2 })
  })

  it('counts sign-ins by protocol in the metrics', async () => {
    const text = await (await fetch(`${server.issuer}/metrics`)).text()
    expect(text).toMatch(/yideng_portal_entries_total\{protocol="tif"\} 4/)
    expect(text).toMatch(/yideng_portal_entries_total\{protocol="oidc"\} 1/)
    expect(text).toMatch(/yideng_portal_entries_total\{protocol="cas"\} 0/)
  })
})
