/** Words of docs/security.md and docs/en/security.md. */
export type InBoth = Readonly<Record<'en' | 'zh-CN', string>>

/** Loot of a thief who signed in with the person's passkey. */
export const liveThings = {
  session: { en: 'Session that the thief began', 'zh-CN': '窃取者发起的会话' },
  other: {
    en: 'Session of the owner in another browser, begun by password',
    'zh-CN': '本人在另一浏览器里用密码开始的会话',
  },
  own: { en: 'Session that the remedy is used in', 'zh-CN': '做出补救的会话' },
  pending: { en: 'Login that is proven and not picked up', 'zh-CN': '已证实、尚未取走的登录' },
  qr: { en: 'QR approval, not redeemed', 'zh-CN': '已同意、尚未兑现的扫码' },
  device: { en: 'Device approval, not redeemed', 'zh-CN': '已同意、尚未兑现的设备授权' },
  code: { en: 'Authorization code', 'zh-CN': '授权码' },
  refresh: { en: 'Refresh token', 'zh-CN': '刷新令牌' },
  access: { en: 'Access token', 'zh-CN': '访问令牌' },
  administrator: { en: 'Token of an administrator', 'zh-CN': '管理员的令牌' },
} as const satisfies Record<string, InBoth>

export type LiveThing = keyof typeof liveThings

const all = Object.keys(liveThings) as LiveThing[]
const but = (...stay: LiveThing[]) => all.filter((thing) => !stay.includes(thing))

/** What only a session by passkey approves. */
const byPasskeyOnly = ['device', 'administrator'] as const
const ofTheSession = but('own', 'other', ...byPasskeyOnly)

/** What each remedy must end; all else goes on. */
export const remedies = {
  one: { words: { en: 'End one session', 'zh-CN': '结束一个会话' }, ends: but('own', 'other') },
  others: { words: { en: 'End all other sessions', 'zh-CN': '结束其他所有会话' }, ends: but('own') },
  'not-me': { words: { en: '“That was not me”', 'zh-CN': '“这不是我”' }, ends: but('own', 'other') },
  password: { words: { en: 'Password changed', 'zh-CN': '改了密码' }, ends: but('own') },
  removed: { words: { en: 'Passkey removed', 'zh-CN': '删除通行密钥' }, ends: but('own', 'other') },
  unbound: {
    words: { en: 'Binding of WeChat or Alipay removed', 'zh-CN': '删除微信或支付宝的绑定' },
    ends: ofTheSession,
  },
  'channel-gone': {
    words: { en: 'Channel taken out of the file', 'zh-CN': '渠道从配置文件里删去' },
    ends: ofTheSession,
  },
  'certificate-unbound': {
    words: { en: 'Binding of a certificate removed', 'zh-CN': '删除数字证书的绑定' },
    ends: ofTheSession,
  },
  'ca-gone': {
    words: { en: 'CA taken out of the file', 'zh-CN': '证书机构从配置文件里删去' },
    ends: ofTheSession,
  },
  unlinked: {
    words: { en: 'Link to an upstream removed', 'zh-CN': '删除与上游账户的关联' },
    ends: ofTheSession,
  },
  'upstream-gone': {
    words: { en: 'Upstream taken out of the file', 'zh-CN': '上游从配置文件里删去' },
    ends: ofTheSession,
  },
  'token-removed': {
    words: { en: 'Token of one-time codes removed', 'zh-CN': '删除动态口令令牌' },
    // each sign-in by password has a code of it
    ends: but('own', ...byPasskeyOnly),
  },
  'switched-off': {
    words: { en: 'Way to sign in switched off', 'zh-CN': '关闭一种登录方式' },
    ends: but('own', 'other'),
  },
  recovery: { words: { en: 'Account recovered by a code', 'zh-CN': '凭恢复码恢复账户' }, ends: all },
  text: { words: { en: 'Account recovered by a text', 'zh-CN': '凭短信恢复账户' }, ends: all },
  face: { words: { en: 'Account recovered by a face', 'zh-CN': '凭刷脸恢复账户' }, ends: all },
  stop: { words: { en: 'Recovery of a thief stopped', 'zh-CN': '叫停他人的恢复' }, ends: all },
  lock: { words: { en: 'Account locked, and unlocked again', 'zh-CN': '锁定账户，又解锁' }, ends: all },
  'signed-out': { words: { en: 'Signed out on all devices at a counter', 'zh-CN': '在窗口退出所有设备' }, ends: all },
  corrected: { words: { en: 'Phone or document number corrected', 'zh-CN': '更正手机号或证件号码' }, ends: all },
  recycled: {
    words: { en: 'Telephone number given to another subscriber', 'zh-CN': '手机号已换了主人（二次放号）' },
    ends: all,
  },
  supersede: { words: { en: 'Number proven for another account', 'zh-CN': '证件号码已由另一账户证实' }, ends: all },
  closing: { words: { en: 'Account to be closed', 'zh-CN': '申请注销账户' }, ends: all },
  closed: { words: { en: 'Account closed', 'zh-CN': '账户已注销' }, ends: all },
  representation: {
    words: { en: 'Mandate ended (what speaks for the represented)', 'zh-CN': '授权结束（代表被代理人的部分）' },
    ends: ['code', 'refresh', 'access'],
  },
} as const satisfies Record<string, { words: InBoth; ends: readonly LiveThing[] }>

/** @internal */
export type Remedy = keyof typeof remedies

/**
 * Remedies against a thief who signed in by another way than the passkey, by login method.
 * @internal
 */
export const byOrigin = {
  channel: ['unbound', 'channel-gone'],
  certificate: ['certificate-unbound', 'ca-gone'],
  upstream: ['unlinked', 'upstream-gone'],
  otp: ['token-removed'],
} as const satisfies Record<string, readonly Remedy[]>
