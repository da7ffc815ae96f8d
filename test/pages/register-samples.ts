import { csrf } from './account-frame.ts'

const portal = {
  name: '深圳市政务服务网',
  host: 'www.sz.gov.cn',
  organisation: '深圳市政务服务和数据管理局',
  region: '深圳市',
}

const documents = [
  { type: 'resident_id', hint: '18 位，最后一位可能是字母 X', example: '440605196802140527' },
  { type: 'hk_macao_permit', hint: 'H 或 M 开头，后面 8 位数字', example: 'H12345678' },
  { type: 'foreign_permanent_residence', hint: '新版 18 位，9 开头', example: '911440198501010010' },
  { type: 'passport', hint: '护照资料页右上角的字母和数字', example: 'E12345678' },
]
const step = { action: '/login/8f3a/register', csrf, problems: {}, seconds: 3600, until: 1796000000000 }
const who = {
  ...step,
  documents,
  phoneCodes: ['86', '852', '853', '886', 'other'],
  late: false,
  values: { name: '', document_type: 'resident_id', document_number: '', phone: '', phone_code: '86' },
}
const filled = {
  ...who,
  portal,
  signInUrl: '/login/8f3a',
  values: { name: '张三', document_type: 'hk_macao_permit', document_number: 'X1', phone: '110', phone_code: '852' },
}
const entry = {
  ...step,
  signInUrl: '/login/8f3a',
  values: { username: '' },
  kept: false,
  personal: ['张三'],
  phone: '13800138000',
}
const code = {
  action: '/login/8f3a/register/code',
  registerAction: '/login/8f3a/register',
  csrf,
  phone: '138****8000',
  texts: true,
  again: false,
  seconds: 3600,
  until: 1796000000000,
  portal,
}
const native = { channel: 'yss', handle: 'h4ndle' }
const agree = {
  ...step,
  signInUrl: '/login/8f3a',
  noticeVersion: '2026-12',
  child: false,
  typed: { name: '张三', documentType: 'resident_id', documentNumber: '44**************27', username: '' },
  phone: '+86 138 0013 8000',
}

/** The three steps of a registration, its end, and the privacy notice. */
export const registerSamples = [
  { view: 'register/who', name: 'first', data: who },
  { view: 'register/who', name: 'one-tap', data: { ...who, oneTap: true } },
  {
    view: 'register/who',
    name: 'problems',
    data: {
      ...filled,
      problems: {
        name: 'name_required',
        document_type: 'document_type_unknown',
        document_number: 'document_number_malformed',
        phone: 'phone_malformed_852',
      },
    },
  },
  { view: 'register/who', name: 'late', data: { ...who, late: true } },
  { view: 'register/who', name: 'too-many', data: { ...filled, problems: { form: 'too_many_registrations' } } },
  { view: 'register/code', name: 'first', data: code },
  { view: 'register/code', name: 'failed', data: { ...code, failed: true } },
  { view: 'register/code', name: 'again', data: { ...code, again: true } },
  { view: 'register/code', name: 'in a mini program', data: { ...code, native } },
  { view: 'register/code', name: 'without texts', data: { ...code, texts: false, native } },
  {
    view: 'register/code',
    name: 'another number',
    data: { ...code, texts: false, native, problem: { code: 'number_other', minutes: 0 } },
  },
  { view: 'register/code', name: 'wait', data: { ...code, problem: { code: 'wait', minutes: 12 } } },
  { view: 'register/password', name: 'first', data: entry },
  { view: 'register/password', name: 'kept', data: { ...entry, kept: true } },
  {
    view: 'register/password',
    name: 'problems',
    data: {
      ...entry,
      values: { username: '1' },
      problems: { password: 'password_too_short', username: 'username_malformed' },
    },
  },
  { view: 'register/agree', name: 'first', data: agree },
  {
    view: 'register/agree',
    name: 'of a child',
    data: {
      ...agree,
      child: true,
      typed: { ...agree.typed, username: 'zhangsan' },
      problems: { consent: 'consent_required' },
    },
  },
  {
    view: 'register/registered',
    name: 'on to a portal',
    data: { continueAction: '/login/8f3a/continue', csrf, username: 'zhangsan', portal },
  },
  { view: 'register/registered', name: 'by itself', data: { csrf, username: '' } },
  { view: 'register/privacy', name: 'notice', data: { version: '2026-12', recipients: [] } },
  {
    view: 'register/privacy',
    name: 'vendors',
    data: {
      version: '2026-12',
      recipients: [
        { vendor: 'sender', name: 'tencent' },
        { vendor: 'owners', name: 'webhook' },
        { vendor: 'recycled', name: 'alibaba' },
        { vendor: 'onetap', name: 'alibaba' },
      ],
    },
  },
]
