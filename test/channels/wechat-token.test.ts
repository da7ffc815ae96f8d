import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { channelOf, openVendorChannels, patienceFor, startVendors, vendorUser } from '../setup/channel-vendors.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

const anna = { ...vendorUser('anna'), phone: '+8613800138000' }
const hour = 3_600_000

/** Processes with one store, and the vendor that they ask. */
async function openProcesses({ count = 2, patienceMs = 5000 } = {}) {
  const { clock, forward } = handClock()
  const vendors = await startVendors(clock)
  const file = join(temporaryDirectory(), 'artifacts.sqlite')
  const stores = Array.from({ length: count }, () => openSqliteArtifacts(file, clock))
  const clients = stores.map((artifacts) => {
    const channels = openVendorChannels([channelOf(vendors, 'wechat-mini')], { artifacts, clock }, patienceMs)
    return () => channels.client('wechat-mini')?.phoneOf?.(vendors.phoneCode(anna), { openid: anna.openid ?? '' })
  })
  const tokenCalls = () => vendors.calls.filter(({ endpoint }) => endpoint === 'stable_token')
  return {
    vendors,
    file,
    clock,
    forward,
    stores,
    /** Asks for a number in the process of this index. */
    ask: async (index = 0) => clients[index % count]?.(),
    asked: () => tokenCalls().length,
    forced: () => tokenCalls().filter(({ sent }) => sent.includes('"force_refresh":true')).length,
  }
}

const number = { phone: '+8613800138000' }

describe('the token of the server', () => {
  it('is one for all processes, which ask once', async () => {
    const { ask, asked, forced } = await openProcesses({ count: 3 })
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => ask(index)))
    expect(answers).toEqual(answers.map(() => number))
    expect([asked(), forced()]).toEqual([1, 0])
  })

  it('is asked for again before its end, and counts until then', async () => {
    const { ask, asked, forced, forward, vendors } = await openProcesses()
    await ask()
    forward(2 * hour - 200_000)
    vendors.fail('stable_token', -1)
    expect(await ask()).toEqual(number)
    expect(asked()).toBe(2)
    vendors.well()
    expect(await ask(1)).toEqual(number)
    forward(210_000)
    expect(await ask()).toEqual(number)
    expect([asked(), forced()]).toEqual([3, 0])
  })

  it('is not used after its end', async () => {
    const { ask, forward, vendors, asked } = await openProcesses()
    await ask()
    forward(2 * hour)
    vendors.fail('stable_token', 'status-500')
    expect(await ask()).toEqual({ failure: 'unavailable' })
    vendors.well()
    expect(await ask()).toEqual(number)
    expect(asked()).toBe(3)
  })

  it.each([
    [40125, 'channel_misconfigured'],
    [40013, 'channel_misconfigured'],
    ['half-json', 'unavailable'],
    ['slow', 'unavailable'],
  ] as const)('gives no number where WeChat answers %s', async (fault, failure) => {
    const { ask, vendors } = await openProcesses({ patienceMs: patienceFor(fault) })
    vendors.fail('stable_token', fault)
    expect(await ask()).toEqual({ failure })
  })

  it('is replaced without force where WeChat has another one', async () => {
    const { ask, asked, forced, vendors } = await openProcesses()
    await ask()
    vendors.forgetTokens()
    expect(await ask(1)).toEqual(number)
    expect(await ask(0)).toEqual(number)
    expect([asked(), forced()]).toEqual([2, 0])
  })

  it('is made by force only after a refusal of the one that WeChat gives, within the limits of WeChat', async () => {
    const { ask, forced, forward, vendors } = await openProcesses()
    vendors.fail('getuserphonenumber', 40001)
    expect(await ask()).toEqual({ failure: 'channel_misconfigured' })
    expect(forced()).toBe(1)
    expect(await ask(1)).toEqual({ failure: 'unavailable' })
    expect(forced()).toBe(1)
    for (let turn = 0; turn < 25; turn += 1) {
      forward(31_000)
      await ask(turn)
    }
    expect(forced()).toBe(20)
  })

  it('is sealed in the store, and a changed one counts as none', async () => {
    const { ask, asked, stores, file, vendors } = await openProcesses()
    await ask()
    const token = /access_token=(\w+)/.exec(vendors.calls.at(-1)?.sent ?? '')?.[1] ?? ''
    expect(token).toHaveLength(64)
    const files = globSync(`${dirname(file)}/*`)
    expect(files.filter((one) => readFileSync(one).includes('wechat-token'))).not.toEqual([])
    expect(files.filter((one) => readFileSync(one).includes(token))).toEqual([])
    const [store] = stores
    const id = `${vendors.url}/wx1234`
    const sealed = await store?.get('wechat-token', id)
    await store?.put('wechat-token', id, `${sealed?.slice(0, -4)}AAAA`, { ttl: 100 })
    expect(await ask()).toEqual(number)
    expect(asked()).toBe(2)
  })

  it('counts for its own app alone', async () => {
    const { ask, asked, stores, vendors, clock } = await openProcesses()
    const [store] = stores
    vendors.apps.push({ appid: 'wx5678', secret: 'other-secret' })
    onTestFinished(() => void vendors.apps.pop())
    const foreign = channelOf(vendors, 'wechat-mini', { appid: 'wx5678', secret: 'other-secret' })
    const other = openVendorChannels([foreign], { artifacts: store, clock }).client('wechat-mini')
    await other?.phoneOf?.(vendors.phoneCode(anna), { openid: anna.openid ?? '' })
    const sealed = await store?.get('wechat-token', `${vendors.url}/wx5678`)
    expect(sealed).toBeDefined()
    await store?.put('wechat-token', `${vendors.url}/wx1234`, sealed ?? '', { ttl: 100 })
    const before = asked()
    expect(await ask()).toEqual(number)
    expect(asked()).toBe(before + 1)
  })

  it('is waited for while another process asks, which may have died', async () => {
    const { ask, asked, stores, forward, vendors } = await openProcesses()
    await ask()
    const id = `${vendors.url}/wx1234`
    forward(2 * hour)
    await stores[0]?.put('wechat-token-asking', id, '1', { ttl: 5 })
    const began = performance.now()
    expect(await ask(1)).toEqual({ failure: 'unavailable' })
    expect(performance.now() - began).toBeLessThan(4000)
    expect(asked()).toBe(1)
    forward(6000)
    expect(await ask(1)).toEqual(number)
  })
})
