import { describe, expect, it } from 'vitest'
import * as oidc from 'openid-client'
import { cannotRun } from '../setup/parts.ts'
import { signIn, typePassword } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { enter, gather, manyFromHere } from './people.ts'
import { backedUp, machine, watchAtNight } from './night.ts'

/** The value of a series. */
async function valueOf(server: RunningServer, series: string): Promise<number> {
  const lines = (await machine(server).read()).split('\n')
  return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1))
}
const acts = (server: RunningServer, event: string) => valueOf(server, `yideng_audit_events_total{event="${event}"}`)

describe.skipIf(cannotRun('promtool'))('alerts about strangers', () => {
  it('YidengGuessing, YidengSpraying: one password at many accounts', async () => {
    const server = await backedUp(
      await startServer({ ...manyFromHere, YIDENG_TRUST_PROXY: 'true', YIDENG_ADDRESS_TRIES: '100' }),
    )
    const crowd = await gather(server)
    const night = watchAtNight([machine(server)])
    await night.pass(1, (look) => enter(crowd, crowd.usernames[look] ?? ''))
    night.isQuiet()
    let networks = 0
    /** Six tries from a network of its own, as from a botnet. */
    const guess = async () => {
      networks += 1
      const address = `${11 + (networks % 80)}.${Math.floor(networks / 80)}.0.7`
      const visitor = new Visitor(server.issuer, { 'x-forwarded-for': address })
      const page = await visitor.get((await crowd.portal.begin()).url)
      for (let tries = 0; tries < 6; tries += 1)
        await typePassword(visitor, page, `nobody${networks}x${tries}`, 'Summer-2026-1')
    }
    // a little more than one try in each second
    await night.pass(20.25, () => Promise.all([guess(), guess(), guess()]))
    night.fires('YidengGuessing', 'YidengSpraying')
    night.still(62)
    night.isQuiet()
    night.judge()
  }, 600_000)

  it('YidengPasswordQueue: more sign in at once than the processors can do', async () => {
    const server = await backedUp(await startServer(manyFromHere))
    const crowd = await gather(server)
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    const end = new AbortController()
    const one = async (index: number) => {
      while (!end.signal.aborted) {
        const visitor = new Visitor(server.issuer)
        const page = await visitor.get((await crowd.portal.begin()).url)
        await signIn(visitor, page, crowd.usernames[index % crowd.usernames.length] ?? '').catch(() => undefined)
      }
    }
    const rush = Promise.all(Array.from({ length: 60 }, (_, index) => one(index)))
    await until(async () => (await valueOf(server, 'yideng_password_hashes{state="waiting"}')) > 32)
    await night.pass(3)
    night.fires('YidengPasswordQueue')
    end.abort()
    await rush
    await night.pass(1)
    night.still(15)
    night.isQuiet()
    night.judge()
  })

  it('YidengSecretsGuessed: many wrong secrets of a portal', async () => {
    const server = await backedUp(await startServer({ ...manyFromHere, YIDENG_TRUST_PROXY: 'true' }))
    const portal = await registerPortal(await server.services())
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    let guesses = 0
    const guess = async () => {
      guesses += 1
      return fetch(`${server.issuer}/token`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-forwarded-for': `11.${Math.floor(guesses / 200)}.${guesses % 200}.7`,
          authorization: `Basic ${Buffer.from(`${portal.clientId}:wrong-${guesses}`).toString('base64')}`,
        },
        body: 'grant_type=authorization_code&code=x&redirect_uri=x',
      })
    }
    await night.pass(4, () => Promise.all(Array.from({ length: 20 }, guess)))
    night.fires('YidengSecretsGuessed')
    night.still(62)
    night.isQuiet()
    night.judge()
  })

  it('YidengTokenReuse, YidengRowRefused: a code comes twice, a row is changed by another program', async () => {
    const server = await backedUp(await startServer(manyFromHere))
    const crowd = await gather(server)
    const night = watchAtNight([machine(server)])
    await night.pass(1)
    night.isQuiet()
    const visitor = new Visitor(server.issuer)
    const begun = await crowd.portal.begin()
    const page = await signIn(visitor, await visitor.get(begun.url), crowd.usernames[0] ?? '')
    await begun.finish(page)
    await expect(begun.finish(page)).rejects.toBeInstanceOf(oidc.ResponseBodyError)
    await until(async () => (await acts(server, 'token.reused')) === 1)
    await night.pass(1)
    night.fires('YidengTokenReuse')
    const other = await registerPortal(crowd.services, { consent: 'implicit' })
    await crowd.services.database
      .updateTable('clients')
      .set({ metadata: '{}' })
      .where('id', '=', other.clientId)
      .execute()
    await new Visitor(server.issuer).get((await other.begin()).url)
    await until(async () => (await acts(server, 'store.row-refused')) > 0)
    await night.pass(1)
    night.fires('YidengRowRefused', 'YidengTokenReuse')
    night.still(62)
    night.isQuiet()
    night.judge()
  })
})
