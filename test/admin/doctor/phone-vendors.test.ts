import { writeFileSync } from 'node:fs'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDayBudget } from '../../../src/guards/phone-codes/day-budget.ts'
import { openSqliteArtifacts } from '../../../src/storage/artifacts-sqlite.ts'
import { commandLine, unansweredIssuer } from '../../cli/in-process.ts'
import { carrierAccount, startCarrier, type Carrier } from '../../setup/carrier.ts'
import { account, startSmsGateway } from '../../setup/sms-gateway.ts'
import { examine, file, now, startOf } from './examined.ts'

let gateway: Awaited<ReturnType<typeof startSmsGateway>>
let carrier: Carrier
beforeAll(async () => {
  gateway = await startSmsGateway()
  carrier = await startCarrier()
})
beforeEach(() => {
  gateway.state.behaves = 'well'
  carrier.state.behaves = 'well'
  gateway.received.length = 0
})

const accounts = () => ({
  tencent: { ...account.tencent, templates: account.templates, endpoint: gateway.url },
  alibaba: { ...account.alibaba, templates: account.templates, endpoint: gateway.url },
})
const message = {
  to: '+8613800138000',
  purpose: 'bind',
  code: '123456',
  portal: '一登',
  language: 'zh-CN',
  text: '',
} as const

/** A command line whose settings have these vendors. */
async function having(vendors: object, settings: Record<string, string>) {
  const environment: Record<string, string> = { ...unansweredIssuer, YIDENG_PHONE_OWNERS: 'none', ...settings }
  const line = commandLine({ clock: () => now, environment })
  line.environment['YIDENG_PHONE_VENDORS'] = file(line, 'phone.json')
  writeFileSync(file(line, 'phone.json'), JSON.stringify(vendors))
  await startOf(line)
  const about = async (what: string) => (await examine(line)).checks.find((check) => check.what === what)
  return { line, about }
}

describe.each(['tencent', 'alibaba', 'webhook'] as const)('doctor and the sender %s', (sender) => {
  const settings = () => ({
    YIDENG_SMS: sender,
    ...(sender === 'webhook' ? { YIDENG_SMS_URL: `${gateway.url}/a-secret` } : {}),
  })

  it('finds that it answers, sends no text, and knows the last call', async () => {
    const { line, about } = await having(accounts(), settings())
    expect(await about('texts')).toMatchObject({ state: 'ok', finding: expect.stringContaining('no call yet') })
    expect(gateway.received).toEqual([])
    await line.withServices(({ textDelivery }) => textDelivery.deliver(message, undefined))
    expect(await about('texts')).toMatchObject({
      state: 'ok',
      finding: expect.stringContaining('succeeded at 2026-11-23'),
    })
    expect(gateway.received).toHaveLength(1)
  })

  it('finds one that does not answer, and names its host without the secrets of its address', async () => {
    const { about } = await having(accounts(), settings())
    gateway.state.behaves = 'fails'
    const found = await about('texts')
    expect(found).toMatchObject({ state: 'fail', todo: expect.stringContaining('YIDENG_OUTBOUND_NETWORKS') })
    expect(found?.finding).toContain(new URL(gateway.url).host)
    expect(JSON.stringify(found)).not.toContain('a-secret')
  })

  it('shows a text that was refused, until one is accepted', async () => {
    const { line, about } = await having(accounts(), settings())
    gateway.state.behaves = 'refuses'
    await line.withServices(({ textDelivery }) => textDelivery.deliver(message, undefined))
    gateway.state.behaves = 'well'
    expect(await about('texts')).toMatchObject({ state: 'warn', todo: expect.stringContaining('text.not-sent') })
    expect(JSON.stringify(await about('texts'))).not.toContain('13800138000')
  })

  it.runIf(sender !== 'webhook')('finds a key that the vendor refuses', async () => {
    const { tencent, alibaba } = accounts()
    const wrong = { tencent: { ...tencent, secretKey: 'sesame' }, alibaba: { ...alibaba, accessKeySecret: 'sesame' } }
    const { about } = await having(wrong, settings())
    const found = await about('texts')
    expect(found).toMatchObject({ state: 'fail', finding: expect.stringContaining('refuses the key') })
    expect(JSON.stringify(found)).not.toContain('sesame')
  })
})

describe('doctor and the other vendors', () => {
  it('asks the carrier without a token', async () => {
    const onetap = { ...carrierAccount, endpoint: carrier.endpoint }
    const { about } = await having({ onetap }, {})
    expect(await about('one-tap')).toMatchObject({ state: 'ok' })
    carrier.state.behaves = 'refuses the key'
    expect(await about('one-tap')).toMatchObject({ state: 'fail', finding: expect.stringContaining('refuses the key') })
  })

  it('notes an answer that was no answer', async () => {
    const { line, about } = await having({ onetap: { ...carrierAccount, endpoint: carrier.endpoint } }, {})
    carrier.state.behaves = 'fails'
    const answer = await line.withServices(async ({ oneTap }) => oneTap?.numberOf(carrier.token('13800138000')))
    expect(answer).toBe('unavailable')
    carrier.state.behaves = 'well'
    expect(await about('one-tap')).toMatchObject({ state: 'warn', finding: expect.stringContaining('status 500') })
  })

  it('asks the owners and the recycled numbers', async () => {
    const owners = { url: `${gateway.url}/owners`, secret: 's'.repeat(32) }
    const recycled = { ...account.alibaba, authCode: 'a', endpoint: gateway.url }
    const { signName: _sign, ...without } = recycled
    const { about } = await having({ owners, recycled: without }, { YIDENG_PHONE_OWNERS: 'webhook' })
    expect(await about('owners of numbers')).toMatchObject({
      state: 'ok',
      finding: expect.stringContaining('webhook answers'),
    })
    // the fake knows the signature of another action
    expect(await about('recycled numbers')).toMatchObject({ state: 'fail' })
  })

  it('says nothing of vendors that the settings do not have', async () => {
    const { line } = await having({}, {})
    const whats = (await examine(line)).checks.map(({ what }) => what)
    expect(whats.filter((what) => /texts|owners|recycled|one-tap/.test(what))).toEqual([])
  })

  it('warns where the register of numbers is empty', async () => {
    const settings = { YIDENG_SMS: 'console', YIDENG_PHONE_OWNERS: 'register' }
    const { line, about } = await having({}, settings)
    expect(await about('owners of numbers')).toMatchObject({ state: 'warn' })
    const number = { documentType: 'resident_id', documentNumber: '1', phone: '+8613800138000' }
    await line.withServices(({ database, phoneRegister }) =>
      database.transaction().execute((transaction) => phoneRegister.add(transaction, [number])),
    )
    expect(await about('owners of numbers')).toMatchObject({ state: 'ok', finding: '1 numbers are imported' })
  })
})

it('the texts of today and the budget show, and nearly all of it is a warning', async () => {
  const { line, about } = await having({}, { YIDENG_SMS: 'console', YIDENG_SMS_DAY_BUDGET: '10' })
  const texts = async (part: 'known' | 'stranger', many: number) => {
    const artifacts = openSqliteArtifacts(file(line, 'data', 'artifacts.sqlite'), () => now)
    const budget = createDayBudget(artifacts, part, 10)
    for (let index = 0; index < many; index += 1) await budget.take()
    await artifacts.close()
  }
  await texts('stranger', 7)
  expect(await about('budget of texts')).toMatchObject({ state: 'ok', finding: '7 of 10 texts of today' })
  await texts('known', 1)
  expect(await about('budget of texts')).toMatchObject({
    state: 'warn',
    todo: expect.stringContaining('text.limit-reached'),
  })
})
