/** Names of `acr` and `amr` values on pages; docs/portals.md has their meaning. */
export const levels: Record<string, { name: string; meaning: string }> = {
  'urn:yideng:loa:2': { name: '自主申报', meaning: '身份信息由本人填写，还没有核对。' },
  'urn:yideng:loa:3': { name: '实名', meaning: '姓名和证件号码已经与人口库核对一致。' },
  'urn:yideng:loa:4': { name: '实人', meaning: '实名，而且这次登录核对过本人。' },
}

const ways: Record<string, string> = {
  pwd: '密码',
  hwk: '通行密钥',
  swk: '通行密钥',
  face: '人脸',
  qr: '扫码',
  otp: '动态口令',
  sms: '短信验证码',
  wechat: '微信',
  alipay: '支付宝',
  user: '本人确认',
}

export function wordedWays(amr: unknown): string {
  const used = Array.isArray(amr) ? amr.map((way) => ways[String(way)] ?? String(way)) : []
  return [...new Set(used)].join('、') || '未说明'
}

export const genders: Record<string, string> = { male: '男', female: '女' }

/** The relation of the person to the principal. */
export const relations: Record<string, string> = {
  legal_representative: '法定代表人',
  manager: '管理人',
  handler: '经办人',
  helper: '亲友代办',
}

/** OAuth errors that a person can resolve. */
export const refusals: Record<string, { title: string; text: string }> = {
  access_denied: { title: '您没有同意登录', text: '本门户没有得到您的任何信息。需要办事时，可以随时再登录。' },
  unmet_authentication_requirements: {
    title: '您的账户还不能办这件事',
    text: '这里需要更高的身份等级。请先在一登完成实名。',
  },
}
