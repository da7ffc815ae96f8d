import { setTimeout } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { VendorUser } from '../../../../examples/made-up-wechat/state.ts'
import type { Authenticator } from '../../../../src/accounts/authenticators.ts'
import { readChannels } from '../../../../src/channels/channels.ts'
import { findBinding, noteUse, removeBinding } from '../../../../src/login/methods/channel/bindings.ts'
import { startChannelLogin, type Setting } from '../../../setup/channel-login.ts'
import { typePassword } from '../../../setup/person.ts'

let all: Setting
beforeAll(async () => {
  all = await startChannelLogin()
})

const login = () => all.begin(all.portal, { visitor: all.browser('alipay') })
const rowsOf = (personId: string) => all.services.authenticators.list(personId, 'channel')

const hold = (row: Authenticator | undefined) =>
  all.services.database
    .transaction()
    .execute((within) => all.services.authenticators.hold(row ?? expect.fail(), Date.now(), within))

async function signsIn(user: VendorUser) {
  const mine = await login()
  return (await mine.visitor.get(await all.atVendor(mine, user, 'alipay'))).leads !== undefined
}

/** A person whose Alipay was bound before Alipay changed its ids. */
async function boundByOldId() {
  const [{ userId = '', openId = '' }, person] = [all.user(), await all.person()]
  const mine = await login()
  const unbound = await mine.visitor.get(await all.atVendor(mine, { userId }, 'alipay-old'))
  const question = await typePassword(mine.visitor, unbound, person.username)
  await mine.visitor.submit(question, '/channel/answer', { decision: 'bind' })
  return { userId, openId, person }
}

describe('a new id of the vendor', () => {
  it('is of the binding that was there: that one decides, where a recovery holds the new row as a young one', async () => {
    const { userId, openId, person } = await boundByOldId()
    expect(await signsIn({ userId, openId })).toBe(true)
    const rows = await rowsOf(person.id)
    expect(rows).toHaveLength(2)
    await hold(rows[1])
    expect(await signsIn({ openId })).toBe(true)
    await hold(rows[0])
    expect(await signsIn({ openId })).toBe(false)
  })

  it.each(['removed', 'held'] as const)('joins no binding that was %s during the sign-in', async (change) => {
    const { userId, openId, person } = await boundByOldId()
    const { services } = all
    const { authenticators, database, dataKeys } = services
    const deps = { authenticators, database, blindIndex: dataKeys.blindIndex, cipher: dataKeys.cipher }
    const channel = readChannels(services.settings).find(({ id }) => id === 'alipay') ?? expect.fail()
    const identity = { subject: openId, ids: { user_id: userId, open_id: openId } }
    const binding = (await findBinding(deps, channel, identity)) ?? expect.fail()
    if (change === 'held') await hold(binding.authenticator)
    else await database.transaction().execute((within) => removeBinding(deps, within, binding.authenticator))
    await noteUse(deps, binding, channel, identity)
    expect(await rowsOf(person.id)).toHaveLength(change === 'held' ? 1 : 0)
    expect(await signsIn({ openId })).toBe(false)
  })
})

it('a binding that is held while its sign-in waits does not sign in', async () => {
  const { userId, person } = await boundByOldId()
  const mine = await login()
  const back = await all.atVendor(mine, { userId }, 'alipay-old')
  const { database, endSignIns } = all.services
  const [binding] = await rowsOf(person.id)
  // a sign-in within the second of an ending waits for the next one
  await setTimeout(1000 - (Date.now() % 1000))
  await database.transaction().execute((within) => endSignIns(within, person.id, { but: [] }))
  const page = mine.visitor.get(back)
  await setTimeout(500)
  await hold(binding)
  expect((await page).leads).toBeUndefined()
})
