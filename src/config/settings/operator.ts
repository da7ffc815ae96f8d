import { z } from 'zod'
import { parseSettings, type SettingTexts } from '../setting-types.ts'

const longest = 80
const line = z
  .string()
  .trim()
  .regex(/^[^\p{Cc}<>]*$/u, 'must be one line without < and >')
  .max(longest, `must have at most ${longest} characters`)

const telephone = /^\+?\d[\d -]{1,18}\d$/

const schema = z.object({
  YIDENG_OPERATOR_NAME: line,
  YIDENG_SERVICE_NAME: line,
  YIDENG_ICP_NUMBER: line.regex(/^$|^\S{1,4}ICP[备证]\d+号(-\d+)?$/, 'must be as 粤ICP备12345678号, or unset'),
  YIDENG_POLICE_NUMBER: line.regex(
    /^$|^\S{1,4}公网安备\s?\d{14}号$/,
    'must be as 粤公网安备44010602000001号, or unset',
  ),
  YIDENG_OFFICIAL_DOMAIN: line.regex(
    /^$|^[a-z\d-]+(\.[a-z\d-]+)+$/,
    'must be a host name as login.gd.gov.cn, or unset',
  ),
  YIDENG_HELPLINE: line.regex(telephone, 'must be a telephone number'),
  YIDENG_PRIVACY_CONTACT: line.refine(
    (value) => value === '' || telephone.test(value) || z.email().safeParse(value).success,
    'must be a telephone number or an e-mail address, or unset',
  ),
})

/** The operator of this server, for the pages. Every empty text is left out of the pages. */
export function operatorSettings(texts: SettingTexts) {
  const parsed = parseSettings(schema, texts)
  const domain = parsed.YIDENG_OFFICIAL_DOMAIN
  return {
    /** 主办单位. */
    name: parsed.YIDENG_OPERATOR_NAME,
    /** What the header says below 一登. */
    service: parsed.YIDENG_SERVICE_NAME || parsed.YIDENG_OPERATOR_NAME,
    icp: parsed.YIDENG_ICP_NUMBER,
    police: parsed.YIDENG_POLICE_NUMBER,
    /** The address that people compare with their browser's. */
    domain,
    helpline: parsed.YIDENG_HELPLINE,
    privacyContact: parsed.YIDENG_PRIVACY_CONTACT,
  }
}

export type Operator = ReturnType<typeof operatorSettings>

/** The name of the login in texts, where no portal takes part. */
export const serviceNameOf = ({ service }: Pick<Operator, 'service'>): string => service || '一登'
