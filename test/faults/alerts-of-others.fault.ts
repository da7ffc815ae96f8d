import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { startChannelLogin } from '../setup/channel-login.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until } from '../setup/server.ts'
import { fakeSignatureServer } from '../setup/signature-server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { startTextLogin } from '../setup/text-login.ts'
import { startUpstreamLogin } from '../setup/upstream-login.ts'
import { Visitor } from '../setup/visitor.ts'
import { backedUp, machine, watchAtNight } from './night.ts'

describe.skipIf(cannotRun('promtool'))('alerts about what others do', () => {
  it('YidengTextsNearBudget, YidengTextLimitReached: strangers use their part of the texts of a day', async () => {
    const all = await startTextLogin({ YIDENG_SMS_DAY_BUDGET: '10' })
    await backedUp(all.server)
    const night = watchAtNight([machine(all.server)])
    await night.pass(1, async () => all.typePhone((await all.proven()).phone))
    night.isQuiet()
    await night.pass(1, async () => all.typePhone((await all.proven()).phone))
    await night.sees('yideng_audit_events_total{event="text.limit-reached"} 1')
    await night.pass(0.5)
    night.fires('YidengTextLimitReached', 'YidengTextsNearBudget')
    await all.server.forward(86_400_000) // the next day
    await night.sees('yideng_texts_today 0')
    await night.sees('yideng_audit_unsigned_seconds 0') // the entries of the day before
    await night.pass(0.5)
    night.still(61)
    night.isQuiet()
    night.judge()
  })

  it('YidengTextsNotSent: the vendor accepts no text', async () => {
    const all = await startTextLogin()
    await backedUp(all.server)
    const night = watchAtNight([machine(all.server)])
    await night.pass(1, async () => all.typePhone((await all.proven()).phone))
    night.isQuiet()
    all.gateway.state.behaves = 'fails'
    await night.pass(2, async () => all.typePhone((await all.proven()).phone))
    await night.sees('yideng_audit_events_total{event="text.not-sent"} 8')
    await night.pass(0.5)
    night.fires('YidengTextsNotSent')
    all.gateway.state.behaves = 'well'
    await night.pass(1, async () => all.typePhone((await all.proven()).phone))
    night.still(11)
    night.isQuiet()
    night.judge()
  })

  it('YidengTextsDoNotArrive: the receipts say that texts failed', async () => {
    const secret = 'a'.repeat(32)
    const file = join(temporaryDirectory(), 'phone.json')
    writeFileSync(file, JSON.stringify({ receipts: { secret } }))
    const all = await startTextLogin({ YIDENG_PHONE_VENDORS: file })
    await backedUp(all.server)
    const report = async (delivered: boolean) => {
      const before = all.gateway.ids.length
      await all.typePhone((await all.proven()).phone)
      await until(async () => all.gateway.ids.length > before)
      const body = JSON.stringify([{ id: all.gateway.ids.at(-1), delivered }])
      // the id is stored a moment after the gateway has answered
      for (let tries = 0; tries < 3; tries += 1) {
        await fetch(`${all.server.issuer}/texts/receipts/${secret}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        })
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
    }
    const night = watchAtNight([machine(all.server)])
    await night.pass(1, () => report(true))
    night.isQuiet()
    await night.pass(7, () => report(false))
    night.still(11)
    night.fires('YidengTextsDoNotArrive')
    await night.pass(1, () => report(true))
    night.still(31)
    night.isQuiet()
    night.judge()
  })

  it('YidengChannelFails: the vendor of a channel is out of order', async () => {
    const all = await startChannelLogin()
    await backedUp(all.server)
    const user = all.user()
    await all.bound(user, await all.person())
    const enter = async () => all.byMini(await all.begin(), user)
    const night = watchAtNight([machine(all.server)])
    await night.pass(1, enter)
    night.isQuiet()
    all.vendors.fail('jscode2session', 'status-500')
    await night.pass(3, () => enter().catch(() => undefined))
    night.still(5.25)
    night.fires('YidengChannelFails')
    all.vendors.well()
    await night.pass(1, enter)
    night.still(10)
    night.isQuiet()
    night.judge()
  })

  it('YidengUpstreamDown, YidengUpstreamFails: a city does not answer, then fails', async () => {
    const all = await startUpstreamLogin()
    await backedUp(all.server)
    const person = await all.person()
    const who = await all.citizen({ id_number: person.number })
    await all.linked(who, person)
    const enter = async () => all.walk(await all.begin(), who)
    const night = watchAtNight([machine(all.server)])
    await night.pass(1, enter)
    night.isQuiet()

    all.fs.gone(true)
    await all.server.forward(61_000)
    await night.sees('yideng_upstream_down{upstream="fs"} 1')
    await night.pass(5.5)
    night.fires('YidengUpstreamDown')
    all.fs.gone(false)
    await all.server.forward(11_000)
    await night.sees('yideng_upstream_down{upstream="fs"} 0')
    await night.pass(0.5)
    night.isQuiet()

    // the check sees it too, as a failed sign-in brings the check forward
    all.fs.down(true)
    await enter()
    await all.server.forward(61_000)
    await night.sees('yideng_upstream_down{upstream="fs"} 1')
    await night.pass(3, enter)
    night.still(5.25)
    night.fires('YidengUpstreamDown', 'YidengUpstreamFails')
    all.fs.down(false)
    await all.server.forward(11_000)
    await night.sees('yideng_upstream_down{upstream="fs"} 0')
    await night.pass(1, enter)
    night.still(10)
    night.isQuiet()
    night.judge()
  })

  it('YidengUpstreamSlow: a city takes 1.5 seconds', async () => {
    const all = await startUpstreamLogin()
    await backedUp(all.server)
    const person = await all.person()
    const who = await all.citizen({ id_number: person.number })
    await all.linked(who, person)
    const enter = async () => all.walk(await all.begin(), who)
    const night = watchAtNight([machine(all.server)])
    await night.pass(1, enter)
    night.still(10)
    night.isQuiet()
    all.fs.slow(1500)
    await night.pass(2, enter)
    night.still(9)
    await night.pass(0.5, enter)
    night.fires('YidengUpstreamSlow')
    all.fs.slow(0)
    await night.pass(1, enter)
    night.still(15)
    night.isQuiet()
    night.judge()
  })

  it('YidengSignatureServerDown: no address of the signature server answers', async () => {
    const device = await fakeSignatureServer()
    const server = await backedUp(await startServer({ YIDENG_SM2_KEYS: 'svs', YIDENG_SVS: device.file }))
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    const services = await server.services()
    const portal = await registerPortal(services, { consent: 'implicit', id_token_alg: 'SGD_SM3_SM2' })
    const person = await openPerson(services)
    device.state.fault = 'gone'
    const begun = await portal.begin()
    const visitor = new Visitor(server.issuer)
    const page = await signIn(visitor, await visitor.get(begun.url), person.username)
    await begun.finish(page).catch(() => undefined)
    for (let more = 0; more < 3; more += 1) await new Visitor(server.issuer).get((await portal.begin()).url)
    await night.sees('yideng_signature_server_down 1')
    // later than the rest of five seconds after failures, while no person signs in
    await new Promise((resolve) => setTimeout(resolve, 6000))
    await night.pass(1.5)
    night.fires('YidengSignatureServerDown')
    device.state.fault = 'none'
    await night.sees('yideng_signature_server_down 0')
    await night.pass(0.5)
    night.isQuiet()
    night.judge()
  })
})
