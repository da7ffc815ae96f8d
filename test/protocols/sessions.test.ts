import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { codeAt, registerOldPortal, called } from '../setup/old-portal.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let services: Services
beforeAll(async () => {
  services = await (await usualServer()).services()
})

it('an old portal is in the list of the session and of the services, with its last use', async () => {
  const portal = await registerOldPortal(services)
  const { username } = await openPerson(services)
  const visitor = new Visitor(services.settings.issuer)
  await codeAt(portal, visitor, username)
  const account = await visitor.get('/account/sessions')
  expect(account.html).toMatch(new RegExp(`${portal.client.name}（旧协议）：最近[^<]*<span class="when">20`))
  expect((await visitor.get('/account/portals')).html).toContain(portal.client.name)
})

it('sign-out names the portals that it does not reach, and those alone', async () => {
  const unreached = await registerOldPortal(services)
  const cas = await registerOldPortal(services, { legacy: 'cas' })
  const { username } = await openPerson(services)
  const visitor = new Visitor(services.settings.issuer)
  await codeAt(unreached, visitor, username)
  const reached = await registerPortal(services, {
    consent: 'implicit',
    backchannel_logout_uri: 'https://portal.example.gov.cn/logout',
  })
  const silent = await registerPortal(services, { consent: 'implicit' })
  for (const portal of [reached, silent]) await signedInAt(visitor, (await portal.begin()).url)
  const { html } = await visitor.get('/logout')
  const rows = [...html.matchAll(/<li class="entered">[^]*?<\/li>/g)].map(([row]) => row)
  expect(rows).toHaveLength(3)
  const marked = rows.filter((row) => row.includes('收不到通知'))
  expect(marked).toHaveLength(2)
  expect(marked.some((row) => row.includes(unreached.client.name))).toBe(true)
  expect(html).toContain('请到那些门户再各退出一次')
  expect(cas.client.legacy).toBe('cas')
})

it('the withdrawal of consent ends the code and the token of an old portal', async () => {
  const portal = await registerOldPortal(services, { consent: 'ask' })
  const { username } = await openPerson(services)
  const visitor = new Visitor(services.settings.issuer)
  const asked = await signIn(visitor, await visitor.get(portal.authorize()), username)
  const first = await visitor.submit(asked, '/consent', { decision: 'allow' })
  const after = first.leads ? first : await visitor.submit(first, '/consent', { decision: 'allow' })
  const { body } = await called(portal.tokens(after.leads?.searchParams.get('code') ?? ''))
  const info = portal.info(String(body['access_token']))
  expect((await called(info)).status).toBe(200)
  const unused = (await visitor.get(portal.authorize())).leads?.searchParams.get('code') ?? ''
  await visitor.lose(await visitor.get('/account/portals'), `/${portal.client.id}/withdraw`)
  expect((await called(info)).body).toMatchObject({ error_code: 'invalid_token' })
  expect((await called(portal.tokens(unused))).body).toMatchObject({ error_code: 'invalid_grant' })
})

const signedInAt = async (visitor: Visitor, url: URL) => {
  const page = await visitor.get(url)
  if (!page.leads) throw new Error(`no single sign-on: ${page.url.pathname}`)
}
