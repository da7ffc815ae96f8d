import { beforeAll, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { find, openOrganisation } from '../setup/organisation.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { rivalOf } from '../setup/rival.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
const by = { actor: 'administrator:test' }

beforeAll(async () => {
  server = await startServer({ YIDENG_NUMBER_LOSS_WAIT_SECONDS: '10' })
  services = await server.services()
})

const overview = async ({ username }: { username: string }) => {
  const visitor = new Visitor(server.issuer)
  return { visitor, page: await signIn(visitor, await visitor.get('/account'), username) }
}

it('both people see the pending claim in their account centre, and a server process carries it out', async () => {
  const holder = await openPerson(services)
  const stranger = await openPerson(services)
  const claimant = await rivalOf(services, holder)
  const [before, other] = [await overview(holder), await overview(stranger)]
  expect(before.page.html).not.toContain('您的证件号码将归别的账户')
  expect(
    await services.identityProofs.proveAtCounter(await find(services, claimant), { bothPresent: false }, by),
  ).toMatchObject({
    ok: true,
    waits: { holderId: holder.id },
  })
  const seen = await before.visitor.get('/account')
  expect(seen.html).toContain('您的证件号码将归别的账户')
  expect(seen.html).toContain('href="/account/face"')
  expect((await before.visitor.get('/account/notices')).html).toContain('有人在政务服务窗口证明了您的证件号码')
  expect((await overview(claimant)).page.html).toContain('您的证件号码正在等待期')
  expect((await other.visitor.get('/account')).html).not.toMatch(/等待期|将归别的账户/)
  expect((await find(services, holder)).identityLevel).toBe(3)

  await until(async () => (await find(services, holder)).identityLevel === 2)
  expect((await find(services, claimant)).identityLevel).toBe(4)
  // the session is ended; the next sign-in shows the notice
  expect((await before.visitor.get('/account')).html).toContain('name="password"')
  const lost = async () => (await (await overview(holder)).visitor.get('/account/notices')).html
  // a sign-in in the second of the transfer does not count
  await until(async () => (await lost()).includes('有人用更强的办法证明了您账户上的证件号码'))
  expect((await overview(holder)).page.html).not.toContain('您的证件号码将归别的账户')
})

it('the winner sees the organisations that were opened with their number', async () => {
  const holder = await openPerson(services, { name: '林知行' })
  await openOrganisation(services, { representative: holder, name: '海棠图书有限公司' })
  const winner = await rivalOf(services, holder)
  await services.identityProofs.proveAtCounter(await find(services, winner), { bothPresent: true }, by)
  const { visitor } = await overview(winner)
  const page = await visitor.get('/account/notices')
  expect(page.html).toContain('有人曾用您的证件号码登记单位或办过授权')
  expect(page.html).toContain('单位：海棠图书有限公司')
})
