import { expect, it } from 'vitest'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { until, usualServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

it('the page names the portals of the session and the way to stay; a suspended one has no name', async () => {
  const server = await usualServer()
  const services = await server.services()
  const visitor = new Visitor(server.issuer)
  const person = await openPerson(services)
  const portal = await registerPortal(services, { consent: 'implicit' })
  await signIn(visitor, await visitor.get((await portal.begin()).url), person.username)
  const uri = 'https://other.example.gov.cn/'
  const enter = async (name: string) => {
    const other = await registerPortal(services, { name, consent: 'implicit', uri })
    await visitor.get((await other.begin()).url)
    return other
  }
  const other = await enter('清单门户甲')
  const paused = await enter('清单门户乙')
  await services.clients.setStatus(paused.clientId, 'suspended', 'administrator:test')
  const page = () => visitor.get(`/logout?client_id=${other.clientId}`)
  await until(async () => !(await page()).html.includes('清单门户乙'))
  const { html } = await page()
  expect(html).toMatch(/还登录着 2 个门户/)
  const rows = [...html.matchAll(/<li class="entered">[^]*?<\/li>/g)].map(([row]) => row)
  expect(rows).toHaveLength(2)
  expect(rows[0]).toContain('测试门户')
  expect(rows[0]).not.toContain('这里')
  expect(rows[1]).toMatch(/清单门户甲[^]*这里/)
  expect(html).toContain(`href="${uri}"`)
  const alone = await visitor.get(`/logout?client_id=${portal.clientId}`)
  expect(alone.html, 'a portal without an address has no way to stay').not.toContain('不退出')
})
