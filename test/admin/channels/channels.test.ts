import { expect, it } from 'vitest'
import { createChannelAnswers } from '../../../src/channels/channel-answers.ts'
import { channelFile } from '../../../src/admin/doctor/channels.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { addBinding } from '../../../src/login/methods/channel/bindings.ts'
import { commandLine, unansweredIssuer, zhangSan } from '../../cli/in-process.ts'
import { channelRow, channelsFile, startVendors, vendorUser } from '../../setup/channel-vendors.ts'

const vendors = await startVendors()
const file = channelsFile(vendors, [
  channelRow(vendors, 'wechat-mini', { id: 'yss', name: '粤省事' }),
  channelRow(vendors, 'wechat-h5', { id: 'gzh', name: '公众号' }),
  channelRow(vendors, 'alipay-mini', { id: 'alipay' }),
])
const environment = { YIDENG_CHANNELS: file, ...unansweredIssuer }

type Line = ReturnType<typeof commandLine>

/** A person with a password, and a binding for each of these users of the vendors. */
async function bound(line: Line, users: readonly { channel: string; user: string }[]): Promise<string> {
  const argv = ['person', 'create', ...zhangSan, '--password-stdin', '--json']
  const { id } = JSON.parse((await line.yidengWith('Nanshan-7-lychee\n', ...argv)).out) as { id: string }
  await line.withServices(async ({ channels, database, authenticators, dataKeys }) => {
    for (const { channel: name, user } of users) {
      const channel = channels.list.find((one) => one.id === name)
      if (!channel) throw new Error(`no channel ${name}`)
      const { openid = '', unionid = '', openId = '' } = vendorUser(user)
      const identity =
        name === 'alipay'
          ? { subject: openId, ids: { open_id: openId } }
          : { subject: unionid, ids: { openid, unionid } }
      const added = await addBinding({ database, authenticators, ...dataKeys }, database, {
        personId: id,
        channel,
        identity,
        boundIn: { level: 2, amr: ['pwd'] },
      })
      if (!added) throw new Error('not bound')
    }
  })
  return id
}

const three = [
  { channel: 'yss', user: 'a' },
  { channel: 'yss', user: 'b' },
  { channel: 'alipay', user: 'a' },
]

it('lists the channels with the people of their namespace and the last answers, never a key', async () => {
  const line = commandLine({ environment, clock: () => Date.parse('2026-11-30T08:00:00Z') })
  await bound(line, three)
  await line.withServices(async (services) => {
    const answers = createChannelAnswers(services)
    answers.note('yss', 'success')
    answers.note('gzh', 'channel_misconfigured')
    await answers.read()
  })
  const { out } = await line.yideng('channel', 'list', '--json')
  expect(JSON.parse(out)).toMatchObject([
    { id: 'yss', kind: 'wechat-mini', name: '粤省事', people: 1, last_success: '2026-11-30T08:00:00.000Z' },
    { id: 'gzh', people: 1, last_success: null, failure: 'channel_misconfigured' },
    { id: 'alipay', people: 1, last_success: null, last_failure: null, failure: null },
  ])
  for (const secret of [vendors.apps[0]?.secret ?? '', 'PRIVATE KEY']) expect(out).not.toContain(secret)
})

it('says where the list comes from when there is none', async () => {
  const { code, out } = await commandLine().yideng('channel', 'list')
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('YIDENG_CHANNELS names their file') })
})

it('checks a channel by a server token and a wrong code', async () => {
  const line = commandLine({ environment })
  for (const id of ['yss', 'gzh', 'alipay'])
    expect(await line.yideng('channel', 'check', id)).toMatchObject({ code: 0, out: expect.stringContaining('works') })
  expect(await line.json('channel', 'check', 'yss')).toMatchObject({ id: 'yss', works: true })
  expect(await line.yideng('channel', 'check', 'other')).toMatchObject({ code: 3 })
})

it.each([
  ['stable_token', 40125, 'channel_misconfigured', 'compare appid'],
  ['stable_token', 40164, 'channel_misconfigured', 'IP白名单'],
  ['jscode2session', 40013, 'channel_misconfigured', 'compare appid'],
  ['jscode2session', 'status-500', 'unavailable', 'outbound firewall'],
  ['jscode2session', 45011, 'user_blocked', 'wait a minute'],
] as const)('says what is wrong where %s answers %s', async (endpoint, fault, failure, remedy) => {
  const line = commandLine({ environment })
  vendors.fail(endpoint, fault)
  try {
    const { code, err } = await line.yideng('channel', 'check', 'yss')
    expect(code).toBe(1)
    expect(err).toContain(failure)
    expect(err).toContain(remedy)
    expect(err).not.toContain(vendors.apps[0]?.secret)
  } finally {
    vendors.well()
  }
})

it('shows what a person has bound, without the ids at the vendor', async () => {
  const line = commandLine({ environment })
  const id = await bound(line, three)
  const { out } = await line.yideng('person', 'channels', 'zhangsan', '--json')
  // bound in the same millisecond: in any order
  const shown = (JSON.parse(out) as { bound_by: string }[]).toSorted((one, other) =>
    other.bound_by.localeCompare(one.bound_by),
  )
  expect(shown).toMatchObject([
    { bound_by: 'yss', channels: ['yss', 'gzh'], level: 2, held: false, last_used_at: null },
    { bound_by: 'yss', channels: ['yss', 'gzh'] },
    { bound_by: 'alipay', channels: ['alipay'] },
  ])
  for (const name of ['o-a', 'u-a', 'a-a', 'u-b']) expect(out).not.toContain(`"${name}"`)
  expect((await line.yideng('person', 'channels', id)).out).toContain('yss gzh')
})

it('unbinds what a person has bound at a channel: audited, the person informed, their sign-ins ended', async () => {
  const line = commandLine({ environment })
  const id = await bound(line, three)
  const look = () =>
    line.withServices(async ({ persons, inbox, database }) => ({
      epoch: (await persons.find(id))?.endings.epoch,
      notices: (await inbox.list(id, 10)).map(({ kind }) => kind),
      events: (await database.selectFrom('audit_events').select(['event', 'actor']).execute()).filter(
        ({ event }) => event === 'channel.unbound',
      ),
    }))
  const before = await look()
  const unbind = (channel: string) =>
    line.yideng('channel', 'unbind', 'zhangsan', '--channel', channel, '--reason', 'asked by telephone', '--json')
  const { out } = await unbind('gzh')
  expect(JSON.parse(out)).toEqual({ id, channel: 'gzh', unbound: 2 })
  const after = await look()
  expect(after.epoch).toBeGreaterThan(before.epoch ?? Infinity)
  expect(after.notices).toEqual(['authenticator-removed', 'authenticator-removed'])
  const event = { event: 'channel.unbound', actor: 'administrator:test' }
  expect(after.events).toEqual([event, event])
  expect(await line.json<object[]>('person', 'channels', id)).toHaveLength(1)
  expect(await unbind('yss')).toMatchObject({ code: 1, err: expect.stringContaining('bound nothing') })
  expect(await unbind('other')).toMatchObject({ code: 3 })
})

it('leaves the last way in, whole, and names the way out', async () => {
  const line = commandLine({ environment })
  const id = await bound(line, three.slice(0, 2))
  await line.withServices(({ database }) =>
    database.deleteFrom('authenticators').where('kind', '=', 'password').execute(),
  )
  const refused = await line.yideng('channel', 'unbind', id, '--channel', 'yss')
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('person reset-password') })
  expect(await line.json<object[]>('person', 'channels', id)).toHaveLength(2)
})

it('doctor has a line for each channel, and one for a file that cannot be used', async () => {
  const line = commandLine({ environment, clock: () => Date.parse('2026-11-30T08:00:00Z') })
  await line.withServices(async (services) => {
    const answers = createChannelAnswers(services)
    answers.note('yss', 'success')
    answers.note('gzh', 'unavailable')
    await answers.read()
  })
  type Checks = { checks: { state: string; what: string; finding: string; todo?: string }[] }
  const { checks } = JSON.parse((await line.yideng('doctor', '--json')).out) as Checks
  expect(checks.filter(({ what }) => what === 'channels')).toEqual([
    { state: 'ok', what: 'channels', finding: file },
    { state: 'ok', what: 'channels', finding: '粤省事 (yss): last success at 2026-11-30T08:00:00.000Z' },
    {
      state: 'warn',
      what: 'channels',
      finding: '公众号 (gzh): last failure at 2026-11-30T08:00:00.000Z (unavailable), no success yet',
      todo: 'npx yideng channel check gzh',
    },
    { state: 'ok', what: 'channels', finding: '支付宝 (alipay): no success yet' },
  ])
  const missing = readSettings({ ...line.environment, YIDENG_CHANNELS: '/nowhere/channels.json' })
  expect(channelFile(missing)).toMatchObject([{ state: 'fail', todo: expect.stringContaining('docs/channels.md') }])
})
