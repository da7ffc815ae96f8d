/** Faults of any answer on its way. */
export const transportFaults = [
  'slow',
  'drip',
  'hang-up',
  'half-json',
  'huge',
  'redirect',
  'status-500',
  'page',
  'empty',
] as const

/** Answers of WeChat that are wrong although they arrive. */
export const wechatFaults = ['no-unionid', 'no-openid', 'snapshot', 'foreign-watermark'] as const

/** Answers of Alipay that are wrong although they arrive. */
export const alipayFaults = ['bad-sign', 'unsigned', 'reordered', 'no-ids'] as const

/** Codes that WeChat sends with HTTP 200, with the text that it sends beside them. */
export const wechatErrors: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40013: 'invalid appid',
  40029: 'invalid code',
  40125: 'invalid appsecret',
  40163: 'code been used',
  40226: 'code blocked',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
}

/** Codes of Alipay, with the code that stands above them. */
export const alipayErrors = {
  'isv.code-invalid': '40002',
  'isv.invalid-signature': '40002',
  'isv.invalid-app-id': '40002',
  'isp.unknow-error': '20000',
} as const

export type AlipayError = keyof typeof alipayErrors

/** The fault of one endpoint; a number is an `errcode` of WeChat. */
export type Fault =
  | (typeof transportFaults)[number]
  | (typeof wechatFaults)[number]
  | (typeof alipayFaults)[number]
  | AlipayError
  | number

/** Another text in place of the right answer: for tests that alter answers at random. */
export interface Altered {
  alter(text: string): string
}
