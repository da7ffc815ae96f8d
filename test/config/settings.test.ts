import { describe, expect, it } from 'vitest'
import { readSettings, SettingsError } from '../../src/config/settings.ts'

const sentenceOf = (environment: Record<string, string>) => {
  try {
    readSettings(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError)
    return (error as Error).message
  }
  return 'accepted'
}

describe('settings', () => {
  it('have documented defaults', () => {
    expect(readSettings({})).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      issuer: 'http://localhost:3000',
      dataDir: `${process.cwd()}/data`,
      keysDir: `${process.cwd()}/keys`,
      production: false,
      lifetimes: { sessionIdle: 1800, session: 43_200, code: 60, accessToken: 600, idToken: 600, refreshToken: 43_200 },
      limits: { passwordTries: 6, passwordWaitSeconds: 900 },
    })
    expect(readSettings({ PORT: '3001' }).issuer).toBe('http://localhost:3001')
  })

  it.each([
    ['PORT', 'x'],
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['HOST', 'a b'],
    ['YIDENG_ISSUER', 'login.example.gov.cn'],
    ['YIDENG_ISSUER', 'https://login.example.gov.cn/'],
    ['YIDENG_ISSUER', 'https://login.example.gov.cn/path'],
    ['YIDENG_ISSUER', 'ftp://login.example.gov.cn'],
    ['YIDENG_ISSUER', 'https://user:secret@login.example.gov.cn'],
    ['YIDENG_LOG_LEVEL', 'loud'],
    ['YIDENG_WORKERS', '0'],
    ['YIDENG_DATABASE_URL', 'mysql://localhost'],
    ['YIDENG_DATABASE_URL', 'postgres://one,two/d?target_session_attrs=any'],
    ['YIDENG_DATABASE_URL', 'postgres://one,two/d?sslmode=prefer'],
    ['YIDENG_DATABASE_URL', 'postgres://one,/d'],
    ['YIDENG_REDIS_URL', 'http://localhost'],
    ['YIDENG_SESSION_IDLE_SECONDS', '0'],
    ['YIDENG_SESSION_IDLE_SECONDS', '99999'],
    ['YIDENG_REFRESH_GRACE_SECONDS', '61'],
    ['YIDENG_TRUST_PROXY', 'yes'],
    ['YIDENG_SMS', 'carrier-pigeon'],
    ['YIDENG_SMS_COUNTRIES', '+86'],
    ['YIDENG_SMS_COUNTRIES', ','],
    ['YIDENG_SMS_DAY_BUDGET', '0'],
    ['YIDENG_PHONE_OWNERS', 'all'],
    ['YIDENG_PHONE_PROOF_MONTHS', '0'],
    ['YIDENG_PHONE_PERSONS', '0'],
  ])('refuse %s=%s in one sentence that names it', (name, value) => {
    const sentence = sentenceOf({ [name]: value })
    expect(sentence).toContain(name)
    expect(sentence).toMatch(/^The setting .+\.$/)
    expect(sentence.split('\n')).toHaveLength(1)
  })

  it('accept addresses of stores, and never show a wrong one', () => {
    const several = 'postgres://u:p@one:5432,two/yideng?target_session_attrs=read-write&sslmode=verify-full'
    for (const url of ['postgres://u:p@db/yideng?sslmode=verify-full', 'postgresql://db/yideng', several]) {
      expect(sentenceOf({ YIDENG_DATABASE_URL: url })).toBe('accepted')
    }
    expect(sentenceOf({ YIDENG_REDIS_URL: 'rediss://u:p@one:6379,rediss://u:p@two:6379' })).toBe('accepted')
    expect(sentenceOf({ YIDENG_REDIS_URL: 'redis://one,http://u:hunter2@two' })).not.toContain('hunter2')
    const mistyped = sentenceOf({ YIDENG_DATABASE_URL: 'postgres:hunter2@db' })
    expect(mistyped).toContain('YIDENG_DATABASE_URL')
    expect(mistyped).not.toContain('hunter2')
  })

  it('refuse an issuer without https in production', () => {
    expect(sentenceOf({ NODE_ENV: 'production' })).toContain('YIDENG_ISSUER')
    expect(sentenceOf({ NODE_ENV: 'production', YIDENG_ISSUER: 'https://login.example.gov.cn' })).toBe('accepted')
  })

  it('refuse a sender of texts that cannot send, and one that shows codes in production', () => {
    expect(sentenceOf({ YIDENG_SMS: 'webhook' })).toContain('YIDENG_SMS_URL')
    expect(sentenceOf({ YIDENG_SMS: 'webhook', YIDENG_SMS_URL: 'gateway' })).toContain('YIDENG_SMS_URL')
    expect(sentenceOf({ YIDENG_SMS: 'webhook', YIDENG_SMS_URL: 'http://10.0.0.1/send' })).toBe('accepted')
    expect(sentenceOf({ YIDENG_SMS: 'console' })).toBe('accepted')
    const production = { NODE_ENV: 'production', YIDENG_ISSUER: 'https://login.example.gov.cn' }
    expect(sentenceOf({ ...production, YIDENG_SMS: 'console' })).toContain('YIDENG_SMS')
    const webhook = { ...production, YIDENG_SMS: 'webhook' }
    expect(sentenceOf({ ...webhook, YIDENG_SMS_URL: 'http://10.0.0.1/send' })).toContain('https://')
    expect(sentenceOf({ ...webhook, YIDENG_SMS_URL: 'https://sms.example.gov.cn/send?key=1' })).toBe('accepted')
    expect(sentenceOf({ YIDENG_SMS: 'webhook', YIDENG_SMS_URL: 'ftp://u:hunter2@one' })).not.toContain('hunter2')
  })
})
