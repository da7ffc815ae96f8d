import * as oidc from 'openid-client'
import { expect, it } from 'vitest'
import { longWay } from '../setup/long-way.ts'
import { cannotRun } from '../setup/parts.ts'
import { addPasskey, signInByPasskey } from '../setup/passkey.ts'
import { openPerson, signIn, typePassword } from '../setup/person.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer } from '../setup/server.ts'
import { SoftwareAuthenticator } from '../setup/software-authenticator.ts'
import { scaleOut } from '../setup/stores.ts'
import { Visitor } from '../setup/visitor.ts'

/** Jobs of the server ask the stores too, so the fewest of several times are the act itself. */
const times = 5
/** Entries of the audit log are written after the answer: milliseconds without a message end an act. */
const quietMs = 200

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

it.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))(
  'a sign-in asks the stores no more often than decision 0271 lists',
  async () => {
    const stores = await scaleOut()
    const postgres = await longWay(stores['YIDENG_DATABASE_URL'] ?? '', 0)
    const redis = await longWay(stores['YIDENG_REDIS_URL'] ?? '', 0)
    const server = await startServer({ YIDENG_DATABASE_URL: postgres.url, YIDENG_REDIS_URL: redis.url })
    const services = await server.services()
    const scope = 'openid profile offline_access'
    const portal = await registerPortal(services, { consent: 'implicit', scope })
    const [person, other] = [await openPerson(services), await openPerson(services)]
    const browser = new Visitor(server.issuer)
    await signIn(browser, await browser.get('/account'), person.username)
    const authenticator = new SoftwareAuthenticator(server.issuer)
    await addPasskey(browser, authenticator)
    // offers of a first sign-in are behind them
    await services.recovery.markCodesOffered(person.id)
    await services.recovery.markCodesOffered(other.id)

    const sofar = () => ({ postgres: postgres.roundTrips(), redis: redis.roundTrips() })
    async function settled() {
      for (let before = sofar(); ;) {
        await wait(quietMs)
        const now = sofar()
        if (now.postgres === before.postgres && now.redis === before.redis) return now
        before = now
      }
    }

    async function fewest(act: () => Promise<void>) {
      let least = { postgres: Infinity, redis: Infinity }
      await act()
      for (let time = 0; time < times; time += 1) {
        const before = await settled()
        await act()
        const after = await settled()
        least = {
          postgres: Math.min(least.postgres, after.postgres - before.postgres),
          redis: Math.min(least.redis, after.redis - before.redis),
        }
      }
      return least
    }

    const leave = (visitor: Visitor) => {
      visitor.cookies = visitor.cookies.filter(({ name }) => !name.includes('session'))
    }
    const byPasskey = await fewest(async () => {
      leave(browser)
      const page = await signInByPasskey(browser, await browser.get((await portal.begin()).url), authenticator)
      expect(page.leads?.searchParams.get('code')).toBeTruthy()
    })
    const known = new Visitor(server.issuer)
    const byPassword = await fewest(async () => {
      leave(known)
      const page = await typePassword(known, await known.get((await portal.begin()).url), other.username)
      expect(page.leads?.searchParams.get('code')).toBeTruthy()
    })
    const flow = await fewest(async () => {
      const begun = await portal.begin()
      const tokens = await begun.finish(await known.get(begun.url))
      await oidc.fetchUserInfo(portal.configuration, tokens.access_token, tokens.claims()?.sub ?? '')
    })
    const begun = await portal.begin({ prompt: 'consent' })
    const asked = await known.get(begun.url)
    let token = (await begun.finish(await known.submit(asked, '/consent', { decision: 'allow' }))).refresh_token ?? ''
    const refresh = await fewest(async () => {
      token = (await oidc.refreshTokenGrant(portal.configuration, token)).refresh_token ?? ''
    })
    const listed = {
      byPasskey: { postgres: 12, redis: 22 },
      byPassword: { postgres: 13, redis: 29 },
      flow: { postgres: 1, redis: 10 },
      refresh: { postgres: 0, redis: 5 },
    }
    const found = { byPasskey, byPassword, flow, refresh }
    for (const act of Object.keys(listed) as (keyof typeof listed)[]) {
      expect(found[act].redis, act).toBe(listed[act].redis)
      // entries of the audit log are written together, or one after the other
      expect(found[act].postgres, act).toBeLessThanOrEqual(listed[act].postgres + 1)
    }
  },
)
