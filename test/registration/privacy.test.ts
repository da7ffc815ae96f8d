import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startServer } from '../setup/server.ts'
import { account } from '../setup/sms-gateway.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { Visitor } from '../setup/visitor.ts'

const mainOf = (html: string) => /<main[\s\S]*<\/main>/.exec(html)?.[0] ?? ''

const set = await startServer({
  YIDENG_OPERATOR_NAME: '广东省政务服务和数据管理局',
  YIDENG_PRIVACY_CONTACT: 'privacy@gd.gov.cn',
  YIDENG_HELPLINE: '020-12345',
})
const noticeOf = async (issuer: string) => mainOf((await new Visitor(issuer).get('/privacy')).html)

it('names the controller, the contact and every right with its page', async () => {
  const notice = await noticeOf(set.issuer)
  for (const words of ['广东省政务服务和数据管理局', 'href="mailto:privacy@gd.gov.cn"', 'href="tel:02012345"'])
    expect(notice).toContain(words)
  for (const page of ['/account/data', '/account', '/account/portals', '/account/face', '/account/closing']) {
    expect(notice).toContain(`href="${page}"`)
    // each page exists: it asks to sign in
    const answer = await new Visitor(set.issuer).get(page)
    expect({ page, status: answer.status }).toEqual({ page, status: 200 })
    expect(answer.url.pathname).toMatch(/^\/login\//)
  }
  for (const section of ['face', 'minors', 'automated']) expect(notice).toContain(`id="${section}"`)
})

it('says which decisions machines make, and the way without them', async () => {
  expect(await noticeOf(set.issuer)).toMatch(/id="automated"[\s\S]*人口登记[\s\S]*不接受机器的判断[\s\S]*窗口/)
})

it('invents no name where the operator has set none', async () => {
  const silent = await startServer()
  const notice = await noticeOf(silent.issuer)
  expect(notice).toContain('运营这个网站的单位')
  expect(notice).not.toMatch(/mailto:|个人信息的事，请联系/)
})

it('names each vendor for telephone numbers that is on as a recipient, in each language', async () => {
  const file = join(temporaryDirectory(), 'vendors.json')
  const ids = { 'sign-in': '1', register: '2', bind: '3', recover: '4', notice: '5' }
  const { accessKeyId, accessKeySecret } = account.alibaba
  const keys = { accessKeyId, accessKeySecret }
  const vendors = {
    tencent: { ...account.tencent, templates: ids },
    owners: { url: 'http://127.0.0.1:9/owners', secret: 's'.repeat(32) },
    recycled: { ...keys, authCode: 'a' },
    onetap: keys,
  }
  writeFileSync(file, JSON.stringify(vendors))
  const on = await startServer({ YIDENG_SMS: 'tencent', YIDENG_PHONE_OWNERS: 'webhook', YIDENG_PHONE_VENDORS: file })
  const { phoneProbes } = await on.services()
  expect(phoneProbes.map(({ vendor }) => vendor)).toEqual(['sender', 'owners', 'recycled', 'onetap'])
  const named = {
    'zh-CN': [
      '腾讯云：给您发短信',
      '运营单位选定的服务商：交手机号、姓名',
      '阿里云：交手机号和',
      '阿里云：您用本机号码',
    ],
    'zh-Hant': [
      '騰訊雲：給您發短訊',
      '營運機構選定的服務商：交手機號、姓名',
      'Alibaba Cloud：交手機號和',
      'Alibaba Cloud：您用本機號碼',
    ],
    en: [
      'Tencent Cloud: for a text',
      'A service that the body',
      'Alibaba Cloud: your phone number',
      'Alibaba Cloud: when you',
    ],
  }
  for (const [language, all] of Object.entries(named)) {
    const notice = mainOf((await new Visitor(on.issuer).get(`/privacy?ui_locales=${language}`)).html)
    for (const words of all) expect(notice).toContain(`<li>${words}`)
  }
  // without vendors, no other recipient is named
  const plain = await noticeOf(set.issuer)
  expect(plain).toContain('不交给其他任何人')
  expect(plain).not.toMatch(/腾讯云|阿里云|服务商/)
})
