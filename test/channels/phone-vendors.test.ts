import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPhoneVendors } from '../../src/channels/phone-vendors.ts'
import { readSettings } from '../../src/config/settings.ts'
import { account } from '../setup/sms-gateway.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const issuer = { YIDENG_ISSUER: 'https://login.example.gov.cn' }
const templates = { 'sign-in': '1', register: '2', bind: '3', recover: '4', notice: '5' }
const tencent = { ...account.tencent, templates }
const { notice: _notice, ...withoutNotice } = templates
const alibaba = { ...account.alibaba, templates: withoutNotice }

function read(content: unknown, environment: Record<string, string> = {}) {
  const file = join(temporaryDirectory(), 'phone.json')
  writeFileSync(file, JSON.stringify(content))
  return readPhoneVendors(readSettings({ YIDENG_PHONE_VENDORS: file, ...environment }))
}

describe('the file of the vendors for telephone numbers', () => {
  it('is not needed where no setting names a vendor', () => {
    expect(readPhoneVendors(readSettings({}))).toEqual({})
  })

  it('has the defaults of each vendor', () => {
    expect(read({ tencent }, { YIDENG_SMS: 'tencent' }).tencent).toMatchObject({
      endpoint: 'https://sms.tencentcloudapi.com',
    })
  })

  it('needs templates only for the countries of the setting, and of the sender in use', () => {
    const abroad = Object.fromEntries(Object.entries(templates).map(([kind, id]) => [`${kind}.abroad`, id]))
    const environment = { YIDENG_SMS: 'tencent', YIDENG_SMS_COUNTRIES: '852' }
    expect(read({ tencent: { ...tencent, templates: abroad }, alibaba }, environment)).toMatchObject({ alibaba })
  })

  it.each([
    [{}, { YIDENG_SMS: 'tencent' }, 'it has no tencent'],
    [{ tencent }, { YIDENG_SMS: 'alibaba' }, 'it has no alibaba'],
    [{ tencent: { ...tencent, secretKey: '' } }, {}, 'look at tencent.secretKey'],
    [{ alibaba }, { YIDENG_SMS: 'alibaba' }, 'alibaba.templates has no notice'],
    [
      { tencent: { ...tencent, templates: { ...templates, 'sign-in.abroad': '6' } } },
      { YIDENG_SMS: 'tencent', YIDENG_SMS_COUNTRIES: '86,852' },
      'tencent.templates has no register.abroad, bind.abroad, recover.abroad, notice.abroad',
    ],
    [{ tencent }, { YIDENG_SMS: 'tencent', YIDENG_SMS_COUNTRIES: '852' }, 'has no sign-in.abroad'],
    [{ tencent: { ...tencent, templates: { 'sign-in.fr': '1' } } }, {}, 'look at tencent.templates'],
    [{ tencent: { ...tencent, endpoint: 'http://sms.inner' } }, { NODE_ENV: 'production', ...issuer }, 'https://'],
  ])('a file that cannot be used stops the start, and no key is shown: %#', (content, environment, why) => {
    const sentence = (() => {
      try {
        read(content, environment)
      } catch (error) {
        return (error as Error).message
      }
      return ''
    })()
    expect(sentence).toMatch(/^The setting YIDENG_PHONE_VENDORS .*\.$/)
    expect(sentence).toContain(why)
    expect(sentence).not.toContain('"key"')
  })
})
