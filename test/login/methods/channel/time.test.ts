import { beforeAll, expect, it } from 'vitest'
import { handleOf, startChannelLogin, type Setting } from '../../../setup/channel-login.ts'

let all: Setting
beforeAll(async () => {
  all = await startChannelLogin()
})

const pairs = 300
/** Below the limit of one login. */
const pairsOfLogin = 5
/** WeChat allows a user 100 codes in a minute. */
const usersOfKind = 6

it(`a ticket takes the same time for bound and unbound, over ${pairs} pairs`, async () => {
  const users = {
    bound: Array.from({ length: usersOfKind }, () => all.user()),
    unbound: Array.from({ length: usersOfKind }, () => all.user()),
  }
  for (const user of users.bound) await all.bound(user, await all.person())
  const differences: number[] = []
  let handle = ''
  for (let pair = 0; pair < pairs; pair += 1) {
    if (pair % pairsOfLogin === 0) handle = handleOf((await all.begin()).page)
    const took = { bound: 0, unbound: 0 }
    // the first of two may be slower
    for (const who of pair % 2 === 0 ? (['bound', 'unbound'] as const) : (['unbound', 'bound'] as const)) {
      const user = users[who][pair % usersOfKind]
      const code = all.vendors.loginCode(user ?? expect.fail())
      const began = performance.now()
      const answer = await all.askTicket(handle, code)
      took[who] = performance.now() - began
      expect(answer.status).toBe(200)
    }
    differences.push(took.bound - took.unbound)
  }
  const mean = differences.reduce((sum, one) => sum + one, 0) / pairs
  const variance = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (pairs - 1)
  const z = mean / Math.sqrt(variance / pairs)
  expect(Math.abs(z), `z ${z}, mean ${mean} ms`).toBeLessThan(3)
}, 120_000)

it('a sign-in asks the vendor once', async () => {
  const user = all.user()
  await all.bound(user, await all.person())
  const mine = await all.begin()
  const before = all.vendors.calls.length
  expect((await all.byMini(mine, user)).leads).toBeDefined()
  expect(all.vendors.calls.length - before).toBe(1)
})
