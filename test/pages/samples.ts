import { csrf } from './account-frame.ts'
import { accountSamples } from './account-samples.ts'
import { faceSamples } from './face-samples.ts'
import { deviceSamples } from './device-samples.ts'
import { organisationSamples } from './organisation-samples.ts'
import { overviewSamples } from './overview-samples.ts'
import { otpSamples } from './otp-samples.ts'
import { passkeySamples } from './passkey-samples.ts'
import { qrSamples } from './qr-samples.ts'
import { recoverySamples } from './recovery-samples.ts'
import { registerSamples } from './register-samples.ts'
import { signInSamples } from './sign-in-samples.ts'

/** One page as it may be asked for; `name` tells variants of a view apart. */
export interface Sample {
  readonly view: string
  readonly name: string
  readonly data: object
}

const portal = {
  name: '深圳市政务服务网',
  host: 'www.sz.gov.cn',
  organisation: '深圳市政务服务和数据管理局',
  region: '深圳市',
}
const longPortal = {
  name: '连南瑶族自治县三排镇南岗千年瑶寨村民委员会便民服务站网上办事大厅',
  host: 'bianminfuwu.nangang-qiannian-yaozhai.sanpai.liannan.qingyuan.gov.example:8443',
  organisation: '连南瑶族自治县三排镇人民政府公共服务办公室',
  region: '清远市连南瑶族自治县三排镇南岗村',
}

const attributes = [
  { name: 'name', value: '张*', sensitive: false },
  { name: 'preferred_username', value: '为该门户生成', sensitive: false },
  { name: 'gender', value: '男', sensitive: false },
  { name: 'birthdate', value: '19**-**-**', sensitive: false },
  { name: 'phone_number', value: '138****5678', sensitive: false },
  { name: 'id_type', value: '居民身份证', sensitive: false },
  { name: 'id_number', value: '44**************34', sensitive: true },
]
const said = {
  purpose: '办理社保、医保、公积金和户政事项时，确认您是谁、把结果通知您。',
  privacyUri: 'https://www.sz.gov.cn/privacy',
  contact: '0755-12345',
  retention: '办结后 30 天',
}
const silent = { purpose: '', privacyUri: '', contact: '', retention: '' }
const consent = {
  portal: { ...portal, ...said },
  action: '/login/8f3a/consent',
  attributes,
  separate: true,
  level: 3,
  permissions: ['查看您的电子证照'],
  offline: true,
  person: '张*',
  remembered: true,
  csrf,
}

const level = {
  portal,
  needed: 3,
  reached: 2,
  action: '/login/8f3a/level',
  cancelAction: '/login/8f3a/cancel',
  csrf,
  checkable: true,
  tried: false,
  two: false,
  raises: [] as { name: string; action: string }[],
}

const entered = [portal, longPortal].map(({ name }, index) => ({
  name,
  colour: '',
  here: index === 0,
  notified: index === 0,
}))
const confirm = { action: '/session/end/confirm', xsrf: 'x5rf-t0ken', others: 1, entered }

/** Every view with data it may get. */
export const samples: readonly Sample[] = [
  {
    view: 'home/home',
    name: 'portals',
    data: {
      portals: [
        {
          name: '广东政务服务网',
          organisation: '广东省政务服务和数据管理局',
          region: '广东省',
          uri: 'https://www.gdzwfw.example',
        },
        { ...portal, uri: 'https://sz.example/portal?a=1&b=2' },
        { ...longPortal, uri: 'https://nangang.example' },
      ],
      registerUrl: '/register',
    },
  },
  { view: 'home/home', name: 'empty', data: { portals: [], registerUrl: '/register' } },
  ...signInSamples({ portal, longPortal, csrf }),
  ...otpSamples({ portal }),
  { view: 'login/consent', name: 'all', data: consent },
  {
    view: 'login/consent-separate',
    name: 'document',
    data: { portal: { ...portal, ...said }, action: consent.action, attributes: attributes.slice(-2), csrf },
  },
  {
    view: 'login/consent',
    name: 'little',
    data: {
      ...consent,
      portal: { ...portal, ...silent },
      level: 2,
      separate: false,
      attributes: attributes.slice(0, 1),
      permissions: [],
      offline: false,
      remembered: false,
    },
  },
  { view: 'login/level', name: 'real-name', data: level },
  { view: 'login/level', name: 'tried', data: { ...level, tried: true } },
  { view: 'login/level', name: 'real-person', data: { ...level, needed: 4, reached: 3 } },
  {
    view: 'login/level',
    name: 'by face',
    data: { ...level, needed: 4, reached: 3, raises: [{ name: 'face', action: '/login/8f3a/face/start' }] },
  },
  {
    view: 'login/level',
    name: 'by code',
    data: { ...level, two: true, checkable: false, raises: [{ name: 'otp', action: '/login/8f3a/otp/start' }] },
  },
  {
    view: 'login/level',
    name: 'two factors',
    data: { ...level, two: true, checkable: false },
  },
  { view: 'login/level', name: 'both', data: { ...level, needed: 4, reached: 2 } },
  ...registerSamples,
  { view: 'logout/confirm', name: 'portal', data: { ...confirm, portal, portalUri: 'https://www.sz.gov.cn/' } },
  { view: 'logout/confirm', name: 'alone', data: { ...confirm, others: 0 } },
  { view: 'logout/confirm', name: 'flawed', data: { ...confirm, flaw: 'paused', paused: '甲门户' } },
  { view: 'logout/done', name: 'portal', data: { portal } },
  { view: 'logout/done', name: 'alone', data: {} },
  ...accountSamples,
  ...overviewSamples,
  ...organisationSamples,
  ...faceSamples,
  ...passkeySamples(),
  ...recoverySamples,
  ...qrSamples({ portal, longPortal, csrf }),
  ...deviceSamples,
  { view: 'error/cookies', name: 'too-many', data: { cleared: false, clearAction: '/cookies/clear' } },
  { view: 'error/cookies', name: 'cleared', data: { cleared: true, clearAction: '/cookies/clear' } },
  { view: 'login/went-on', name: 'portal', data: { signedIn: true, portal, portalUrl: 'https://portal.example' } },
  { view: 'login/went-on', name: 'done', data: { signedIn: false } },
  { view: 'error/error', name: 'lost', data: { code: 'not_found', reference: '7F3K-92QD' } },
  {
    view: 'error/error',
    name: 'expired',
    data: { code: 'login_expired', reference: '7F3K-92QD', backUrl: '/login/8f3a' },
  },
  {
    view: 'onward/form',
    name: 'portal',
    data: {
      signsOut: false,
      action: 'https://portal.example.gov.cn/cb',
      inputs: [{ name: 'code', value: '1' }],
    },
  },
  {
    view: 'onward/form',
    name: 'sign-out',
    data: { signsOut: true, action: '/logout/confirm', inputs: [{ name: 'xsrf', value: 'a' }] },
  },
  {
    view: 'onward/onward',
    name: 'portal',
    data: { movesTo: 'https://portal.example.gov.cn/cb?code=1&state=2' },
  },
  {
    view: 'onward/onward',
    name: 'system',
    data: { system: '佛山市', movesTo: 'https://id.foshan.example.gov.cn/authorize?state=2' },
  },
  {
    view: 'error/error',
    name: 'expired-with-portal',
    data: { code: 'login_expired', portal, portalUrl: 'https://portal.example.gov.cn', reference: '7F3K-92QD' },
  },
  { view: 'error/error', name: 'paused-portal', data: { code: 'client_paused', portal, reference: '7F3K-92QD' } },
  {
    view: 'error/error',
    name: 'sign-out',
    data: { code: 'logout_invalid', reference: '7F3K-92QD', signOutUrl: '/logout' },
  },
  { view: 'error/legacy-ended', name: 'ended', data: { portal, until: '2027-12-31', reference: '7F3K-92QD' } },
  { view: 'error/error', name: 'declined-at-cas', data: { code: 'legacy_declined', reference: '7F3K-92QD' } },
  { view: 'error/error', name: 'unknown-portal', data: { code: 'client_unknown', reference: '7F3K-92QD' } },
]

/** Data that names words (`refusals.<refusal>`) and so cannot be any text. */
export const wordKeys =
  /(^|\.)(container\.(app|exit)|menu\.open|states\.\w+\.(words|pill)|menu\.groups\.\d+\.(name|pages\.\d+\.(name|icon|current))|operator\..*|recipients\.\d+\.(vendor|name)|refusal|why|outcome|reasons\.\d+|actions\.\d+|provenAt|scripts\.\d+|steps\.\d+|help|note\.name|raises\.\d+\.name|act|code|step|state|reason|done|when|created|until|from|made|used|problem|role|roles\.\d+|relation|blockedBy|kind|event|who|documentType|ways\.\d+\.(name|icon|shown)|bound\.\d+\.(name|icon)|device|method|links\.\d+\.(way|held|undo)|problems\..*|documentTypes\.\d+|documents\.\d+\.type|phoneCodes\.\d+|values\.(document_type|phone_code|role)|attributes\.\d+(\.name)?|refused|flaw|inputs\.\d+\.name)$/
