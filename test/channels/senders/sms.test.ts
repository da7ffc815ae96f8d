import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTextSender } from '../../../src/channels/senders/sms/open-sender.ts'
import type { TextMessage, TextSender } from '../../../src/channels/senders/sms/text-sender.ts'
import { createOutbound } from '../../../src/guards/outbound.ts'
import { VendorFailed } from '../../../src/proofing/vendor-calls.ts'
import { account, startSmsGateway, type Behaviour } from '../../setup/sms-gateway.ts'

const message: TextMessage = {
  to: '+8613800138000',
  purpose: 'sign-in',
  code: '042917',
  portal: '深圳市政务服务网',
  language: 'zh-CN',
  text: '【一登】042917 是您登录“深圳市政务服务网”的验证码。',
}
const clock = () => Date.UTC(2026, 10, 24)
const patienceMs = 400

let gateway: Awaited<ReturnType<typeof startSmsGateway>>
beforeAll(async () => {
  gateway = await startSmsGateway()
})
beforeEach(() => {
  gateway.received.length = 0
  gateway.state.behaves = 'well'
})

const kinds = ['webhook', 'tencent', 'alibaba'] as const

function senderOf(kind: (typeof kinds)[number] | 'console', lines: string[] = []): TextSender {
  const sender = openTextSender({
    phone: { sender: kind, senderUrl: `${gateway.url}/send` },
    vendors: {
      tencent: { ...account.tencent, templates: account.templates, region: 'ap-guangzhou', endpoint: gateway.url },
      alibaba: { ...account.alibaba, templates: account.templates, endpoint: gateway.url },
    },
    fetch: createOutbound({ allowed: () => true, patienceMs, readsPosts: kind !== 'webhook' }),
    write: (line) => lines.push(line),
    clock,
  })
  return sender ?? expect.fail()
}

it('no sender without the setting', () => {
  const deps = { vendors: {}, fetch: createOutbound({ allowed: () => true }), write: () => undefined, clock }
  expect(openTextSender({ phone: { sender: 'none', senderUrl: '' }, ...deps })).toBeUndefined()
})

it('the console shows the text to the developer', async () => {
  const lines: string[] = []
  await senderOf('console', lines).send(message)
  expect(lines).toEqual([`SMS to +8613800138000: ${message.text}\n`])
})

describe.each(kinds)('the sender %s', (kind) => {
  it('delivers number and code, and has a receipt', async () => {
    const { id } = await senderOf(kind).send(message)
    expect(id).toMatch(/^(s-1|b-1|[\da-f-]{36})$/)
    const [text, ...others] = gateway.received
    expect(others).toEqual([])
    expect(text).toMatchObject({ to: message.to, code: message.code })
    if (kind === 'webhook')
      expect(text).toEqual({ to: message.to, purpose: 'sign-in', code: '042917', text: message.text })
    else expect(text?.template).toBe('T-1')
  })

  it.runIf(kind !== 'webhook')('has a template for each language, purpose, and for a text without code', async () => {
    await senderOf(kind).send({ ...message, language: 'en' })
    await senderOf(kind).send({ ...message, purpose: 'bind' })
    await senderOf(kind).send({ ...message, purpose: 'bind', code: '' })
    expect(gateway.received.map(({ template }) => template)).toEqual(['T-6', 'T-3', 'T-5'])
  })

  it.runIf(kind !== 'webhook')(
    'gives a template of the mainland the code alone, and others the portal too',
    async () => {
      const hongKong = { ...message, to: '+85261234567' }
      await senderOf(kind).send(message)
      await senderOf(kind).send(hongKong)
      await senderOf(kind).send({ ...hongKong, language: 'en' })
      await senderOf(kind).send({ ...hongKong, code: '' })
      await senderOf(kind).send({ ...message, code: '' })
      expect(gateway.received.map(({ template }) => template)).toEqual(['T-1', 'T-7', 'T-9', 'T-8', 'T-5'])
      const [portal, code] = kind === 'tencent' ? [message.portal, message.code] : ['portal', 'code']
      // Tencent: a variable of the mainland holds six characters
      const notice = kind === 'tencent' ? [] : [portal]
      const parameters = [[code], [portal, code], [portal, code], [portal], notice]
      expect(gateway.received.map((text) => text.parameters)).toEqual(parameters)
    },
  )

  it.runIf(kind !== 'webhook')('does not use a template of the mainland for other countries', async () => {
    const sent = senderOf(kind).send({ ...message, to: '+85261234567', purpose: 'bind' })
    await expect(sent).rejects.toThrow('no template for bind.abroad')
  })

  it('delivers once where the gateway delivers twice: both texts have one code', async () => {
    gateway.state.behaves = 'twice'
    await senderOf(kind).send(message)
    expect(new Set(gateway.received.map(({ code }) => code))).toEqual(new Set([message.code]))
  })

  const failures: Behaviour[] = ['slow', 'fails', 'refuses', 'late', 'redirects']
  it.each(failures)('fails in time where the gateway is %s', async (behaves) => {
    gateway.state.behaves = behaves
    const began = performance.now()
    await expect(senderOf(kind).send(message)).rejects.toBeInstanceOf(VendorFailed)
    expect(performance.now() - began).toBeLessThan(patienceMs + 2000)
    expect(gateway.state.redirected).toBe(0)
  })

  it.each(['babbles', 'endless'] as const)('takes no harm from a gateway that %s', async (behaves) => {
    gateway.state.behaves = behaves
    const sent = senderOf(kind).send(message)
    // of the webhook only the status counts
    if (kind === 'webhook') await sent
    else await expect(sent).rejects.toBeInstanceOf(VendorFailed)
  })
})

it('goes through the outbound guard', async () => {
  const sender = openTextSender({
    phone: { sender: 'webhook', senderUrl: gateway.url },
    vendors: {},
    fetch: createOutbound({ allowed: () => false, patienceMs }),
    write: () => undefined,
    clock,
  })
  await expect(sender?.send(message)).rejects.toBeInstanceOf(VendorFailed)
  expect(gateway.received).toEqual([])
})
