import { createSign, createVerify, generateKeyPairSync } from 'node:crypto'
import { alipayErrors, type AlipayError } from './faults.ts'
import { randomText, useCode, type VendorState } from './state.ts'

/** An answer of the gateway as text: its signature covers the bytes of the inner value. */
type Answer = string

const faceMs = 23 * 3_600_000

/** `POST /gateway.do` of Alipay. */
export function gateway(state: VendorState, form: URLSearchParams, fault: unknown): Answer {
  const method = form.get('method') ?? ''
  const refused = refusedRequest(state, form)
  if (refused) return errorAnswer(refused)
  if (typeof fault === 'string' && fault in alipayErrors) return errorAnswer(fault as AlipayError)
  const value = valueOf(state, method, form, fault)
  return typeof value === 'string' ? errorAnswer(value) : signedAnswer(state, method, value, fault)
}

function refusedRequest(state: VendorState, form: URLSearchParams): AlipayError | undefined {
  if (form.get('app_id') !== state.alipayAppid) return 'isv.invalid-app-id'
  const text = [...form]
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const verified = createVerify('RSA-SHA256')
    .update(text)
    .verify(state.appKeys().publicKey, form.get('sign') ?? '', 'base64')
  const at = Date.parse(`${(form.get('timestamp') ?? '').replace(' ', 'T')}+08:00`)
  const inTime = Math.abs(at - state.clock()) < 600_000
  return verified && inTime ? undefined : 'isv.invalid-signature'
}

function valueOf(state: VendorState, method: string, form: URLSearchParams, fault: unknown): object | AlipayError {
  const content = JSON.parse(form.get('biz_content') || '{}') as Record<string, unknown>
  switch (method) {
    case 'alipay.system.oauth.token':
      return tokenOf(state, form, fault)
    case 'alipay.user.certify.open.initialize': {
      const id = randomText()
      state.faces.set(id, { id, bound: JSON.stringify(content), result: undefined, expiresAt: state.clock() + faceMs })
      return { code: '10000', msg: 'Success', certify_id: id }
    }
    case 'alipay.user.certify.open.query': {
      const face = state.faces.get(String(content['certify_id']))
      if (!face || state.clock() >= face.expiresAt) return 'isv.code-invalid'
      return { code: '10000', msg: 'Success', passed: face.result ?? 'F' }
    }
    default:
      return 'isp.unknow-error'
  }
}

function tokenOf(state: VendorState, form: URLSearchParams, fault: unknown): object | AlipayError {
  const user = useCode(state, 'alipay', form.get('code') ?? '', state.alipayAppid)
  if (user === 'wrong' || user === 'used') return 'isv.code-invalid'
  const { userId, openId } = user
  const ids = {
    ...(userId === undefined ? {} : { user_id: userId }),
    ...(openId === undefined ? {} : { open_id: openId }),
  }
  const tokens = {
    access_token: randomText(),
    expires_in: 1_296_000,
    re_expires_in: 2_592_000,
    refresh_token: randomText(),
  }
  return fault === 'no-ids' ? tokens : { ...tokens, ...ids }
}

const nameOf = (method: string) => `${method.replaceAll('.', '_')}_response`

function signedAnswer(state: VendorState, method: string, value: object, fault: unknown): Answer {
  const text = JSON.stringify(value)
  const sign = signed(text, fault === 'bad-sign' ? otherKey() : state.alipayKeys().privateKey)
  if (fault === 'unsigned') return `{"${nameOf(method)}":${text}}`
  const sent = fault === 'reordered' ? JSON.stringify(Object.fromEntries(Object.entries(value).toReversed())) : text
  return `{"${nameOf(method)}":${sent},"sign":"${sign}"}`
}

/** Errors of the gateway have no signature: they are no data. */
const errorAnswer = (subCode: AlipayError): Answer =>
  JSON.stringify({ error_response: { code: alipayErrors[subCode], msg: 'error', sub_code: subCode } })

const signed = (text: string, key: string) => createSign('RSA-SHA256').update(text).sign(key, 'base64')

function otherKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey
}
