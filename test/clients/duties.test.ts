import { describe, expect, it } from 'vitest'
import { parseClientMetadata } from '../../src/clients/metadata.ts'

const portal = { name: '深圳市政务服务网', redirect_uris: ['https://portal.example/callback'] }

describe('what a portal registers about its duties', () => {
  it.each([
    ['purpose', '办理社保和医保时确认您是谁'],
    ['purpose', '中'.repeat(200)],
    ['privacy_uri', 'https://www.sz.gov.cn/privacy'],
    ['privacy_uri', 'http://localhost:4000/privacy'],
    ['uri', 'https://www_a.sz.gov.cn:8443'],
    ['contact', '0755-12345'],
    ['contact', 'privacy@sz.gov.cn'],
    ['retention', '30 天'],
    ['colour', '#1a5fa8'],
    ['colour', '#767676'],
    ['colour', '#000000'],
  ])('takes %s %s', (field, value) => {
    const parsed = parseClientMetadata({ ...portal, [field]: value })
    expect(parsed.ok && parsed.metadata).toMatchObject({ [field]: value })
  })

  it.each([
    ['purpose', ' ', 'must say what'],
    ['purpose', '中'.repeat(201), 'longer than 200'],
    ['purpose', '看<b>这里</b>', 'angle brackets'],
    ['purpose', 'a\u202eb', 'control characters'],
    ['privacy_uri', 'javascript:alert(1)', 'must begin with https://'],
    ['privacy_uri', 'http://www.sz.gov.cn/privacy', 'must begin with https://'],
    ['privacy_uri', '/privacy', 'not an absolute address'],
    ['privacy_uri', 'https://www.sz.gov.cn:6000/privacy', 'which browsers never open'],
    ['uri', 'https://www.sz.gov.cn:6667', 'which browsers never open'],
    ['contact', 'x'.repeat(101), 'longer than 100'],
    ['retention', '', 'must say how long'],
    ['colour', 'red', 'must be a colour such as'],
    ['colour', '#fff', 'must be a colour such as'],
    ['colour', '#ffffff', 'contrast of 1 with white'],
    ['colour', '#ffcc00', 'contrast of 1.5 with white'],
    // the lightest grey that WCAG lets white text lie on is #767676
    ['colour', '#777777', 'contrast of 4.4 with white'],
    ['colour', '"><script>', 'must be a colour such as'],
  ])('refuses %s %j: %s', (field, value, words) => {
    const parsed = parseClientMetadata({ ...portal, [field]: value })
    expect(parsed.ok ? [] : parsed.problems).toEqual([{ field, message: expect.stringContaining(words) }])
  })

  it('stores nothing for a field that is left out', () => {
    const parsed = parseClientMetadata(portal)
    const names = Object.keys(parsed.ok ? parsed.metadata : {})
    for (const field of ['purpose', 'privacy_uri', 'contact', 'retention', 'colour']) expect(names).not.toContain(field)
  })
})
