import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../setup/free-port.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { adapterRow } from '../setup/upstreams/adapter.ts'
import { adapterKeys, runExampleAdapter } from '../setup/upstreams/example-adapter.ts'
import { upstreamsFile } from '../setup/upstreams/open.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let portal: TestPortal
let adapter: string

beforeAll(async () => {
  adapter = `http://localhost:${await freePort()}`
  const { privatePem, publicPem } = adapterKeys()
  const row = { ...adapterRow({ url: adapter }), levels: { real: 3 } }
  server = await startServer({ YIDENG_UPSTREAMS: upstreamsFile([row], { 'adapter-public': publicPem }) })
  await runExampleAdapter({ url: adapter, issuer: server.issuer, privatePem })
  portal = await registerPortal(await server.services(), { consent: 'implicit' })
})

/** A browser at the page of the adapter. */
async function atAdapter() {
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin()
  const page = await visitor.get(begun.url)
  const { leads } = await visitor.submit(page, '/upstream/adapter/start', {})
  if (!leads) throw new Error('the start led nowhere')
  return { visitor, begun, leads, page: await (await fetch(leads)).text() }
}

/** Presses a button of the adapter's page. @returns the address that it leads to */
async function choose({ leads }: { leads: URL }, person: string): Promise<string> {
  const url = new URL(leads)
  url.searchParams.set('person', person)
  const answer = await fetch(url, { redirect: 'manual' })
  expect(answer.status).toBe(303)
  return answer.headers.get('location') ?? ''
}

it('has 40 lines', () => {
  const file = new URL('../../examples/upstream-adapter/adapter.mjs', import.meta.url)
  expect(readFileSync(file, 'utf8').trim().split('\n').length).toBeLessThanOrEqual(40)
})

describe('the example of an adapter', () => {
  it('signs a person in, and again', async () => {
    const first = await atAdapter()
    expect(first.page).toContain('欧阳小龙')
    const page = await first.visitor.get(await choose(first, 'gj-0001'))
    const opened = await first.visitor.submit(page, '/upstream/new', { consent: 'yes', decision: 'open' })
    const sub = (await first.begun.finish(opened)).claims()?.sub

    const second = await atAdapter()
    const back = await second.visitor.get(await choose(second, 'gj-0001'))
    const claims = (await second.begun.finish(back)).claims()
    expect(claims).toMatchObject({ sub, amr: ['fed'] })
  })

  it('gives no answer that counts in another browser, or twice', async () => {
    const mine = await atAdapter()
    const address = await choose(mine, 'gj-0002')
    const other = await new Visitor(server.issuer).get(address)
    expect(other.status).toBeGreaterThanOrEqual(400)
    expect((await mine.visitor.get(address)).status).toBe(200)
    expect((await mine.visitor.get(address)).status).toBeGreaterThanOrEqual(400)
  })

  it('brings a person back to the sign-in page who goes on without it', async () => {
    const { visitor, leads, page } = await atAdapter()
    expect(page).toContain('不登录')
    const back = await visitor.get(await choose({ leads }, 'none'))
    expect(back.status).toBe(200)
    expect(back.html).toContain('/upstream/adapter/start')
  })

  it('refuses a request that no Yideng signed', async () => {
    const { leads } = await atAdapter()
    const altered = new URL(leads)
    const request = altered.searchParams.get('request') ?? ''
    altered.searchParams.set('request', `${request.slice(0, -8)}AAAAAAAA`)
    expect((await fetch(altered)).status).toBe(400)
    expect((await fetch(`${adapter}/adapter`)).status).toBe(400)
  })

  it('passes the check of its registration', async () => {
    const client = (await server.services()).upstreams.client('adapter')
    expect(await client?.check()).toEqual({ ok: true })
  })
})
