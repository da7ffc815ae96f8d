import { expect, test } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'

test('an operator who has set nothing has a helpline alone', () => {
  const { helpline, ...rest } = readSettings({}).operator
  expect(helpline).toBe('12345')
  expect(Object.values(rest).filter((value) => value !== '')).toEqual([])
})

test('the header says the name of the operator where the service has none', () => {
  expect(readSettings({ YIDENG_OPERATOR_NAME: '广东省数据局' }).operator.service).toBe('广东省数据局')
  const both = { YIDENG_OPERATOR_NAME: '广东省数据局', YIDENG_SERVICE_NAME: '统一身份认证' }
  expect(readSettings(both).operator.service).toBe('统一身份认证')
})

test.each([
  ['YIDENG_ICP_NUMBER', '粤ICP备12345678号'],
  ['YIDENG_ICP_NUMBER', '京ICP证030173号-1'],
  ['YIDENG_POLICE_NUMBER', '粤公网安备44010602000001号'],
  ['YIDENG_POLICE_NUMBER', '粤公网安备 44010602000001号'],
  ['YIDENG_OFFICIAL_DOMAIN', 'login.gd.gov.cn'],
  ['YIDENG_HELPLINE', '020-12345'],
  ['YIDENG_PRIVACY_CONTACT', 'privacy@gd.gov.cn'],
  ['YIDENG_PRIVACY_CONTACT', '+86 20 1234 5678'],
])('%s may be %s', (name, value) => {
  expect(Object.values(readSettings({ [name]: value }).operator)).toContain(value)
})

test.each([
  ['YIDENG_ICP_NUMBER', '12345678'],
  ['YIDENG_POLICE_NUMBER', '44010602000001'],
  ['YIDENG_OFFICIAL_DOMAIN', 'https://login.gd.gov.cn'],
  ['YIDENG_HELPLINE', 'call us'],
  ['YIDENG_PRIVACY_CONTACT', 'javascript:alert(1)'],
  ['YIDENG_OPERATOR_NAME', '一\n二'],
  ['YIDENG_OPERATOR_NAME', '<b>'],
  ['YIDENG_OPERATOR_NAME', '长'.repeat(81)],
])('%s may not be %j', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(name)
})
