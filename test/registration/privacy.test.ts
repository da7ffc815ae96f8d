import { expect, it } from 'vitest'
import { startServer } from '../setup/server.ts'
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
