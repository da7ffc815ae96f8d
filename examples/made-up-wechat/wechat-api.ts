import { createHash } from 'node:crypto'
import { wechatErrors } from './faults.ts'
import { randomText, useCode, type Token, type VendorState, type VendorUser } from './state.ts'

const tokenMs = 7_200_000
/** Two tokens count in the last five minutes of the older one. */
const overlapMs = 300_000
const forceEveryMs = 30_000
const faceSeconds = 3600
const exchangesAMinute = 100

export const wechatError = (errcode: number) => ({ errcode, errmsg: wechatErrors[errcode] ?? 'error' })

type Body = Record<string, unknown>

interface Asked {
  state: VendorState
  query: URLSearchParams
  body: Body
  fault: unknown
}

/** `GET /sns/jscode2session` and `GET /sns/oauth2/access_token`: a code becomes the ids of a user. */
export function exchange({ state, query, fault }: Asked, use: 'login' | 'web'): object {
  const appid = query.get('appid') ?? ''
  const app = state.apps.find((one) => one.appid === appid)
  if (!app) return wechatError(40013)
  if (query.get('secret') !== app.secret) return wechatError(40125)
  const user = useCode(state, use, query.get(use === 'login' ? 'js_code' : 'code') ?? '', appid)
  if (user === 'wrong') return wechatError(40029)
  if (user === 'used') return wechatError(40163)
  if (isTooOften(state, user)) return wechatError(45011)
  const ids = {
    ...(user.openid === undefined || fault === 'no-openid' ? {} : { openid: user.openid }),
    ...(user.unionid === undefined || fault === 'no-unionid' ? {} : { unionid: user.unionid }),
  }
  if (use === 'login') return { session_key: randomText(), ...ids }
  const snapshot = user.snapshot === true || fault === 'snapshot'
  const rest = { access_token: randomText(), expires_in: 7200, refresh_token: randomText(), scope: 'snsapi_base' }
  return { ...rest, ...ids, ...(snapshot ? { is_snapshotuser: 1 } : {}) }
}

function isTooOften(state: VendorState, { openid = '' }: VendorUser): boolean {
  const since = state.clock() - 60_000
  const recent = (state.exchanges.get(openid) ?? []).filter((at) => at > since)
  state.exchanges.set(openid, [...recent, state.clock()])
  return recent.length >= exchangesAMinute
}

/** `POST /cgi-bin/stable_token`: the same token until its last five minutes. */
export function stableToken({ state, body }: Asked): object {
  const app = state.apps.find(({ appid }) => appid === body['appid'])
  if (!app) return wechatError(40013)
  if (app.secret !== body['secret']) return wechatError(40125)
  const now = state.clock()
  const current = state.tokens.findLast(({ appid, expiresAt }) => appid === app.appid && expiresAt > now)
  const forced = body['force_refresh'] === true && now - state.forcedAt >= forceEveryMs
  if (forced) {
    state.forcedAt = now
    state.tokens = state.tokens.filter(({ appid }) => appid !== app.appid)
  }
  const usable = !forced && current && current.expiresAt - now > overlapMs ? current : newToken(state, app.appid)
  return { access_token: usable.token, expires_in: Math.floor((usable.expiresAt - now) / 1000) }
}

function newToken(state: VendorState, appid: string): Token {
  const token = { token: randomText(32), appid, expiresAt: state.clock() + tokenMs }
  state.tokens.push(token)
  return token
}

/** The app that a token of `stable_token` speaks for. */
function appOf({ state, query }: Asked): string | undefined {
  const token = state.tokens.find((one) => one.token === query.get('access_token'))
  return token && token.expiresAt > state.clock() ? token.appid : undefined
}

/** `POST /wxa/business/getuserphonenumber`: with `openid`, WeChat checks whose code it is. */
export function phoneNumber(asked: Asked): object {
  const { state, body, fault } = asked
  const appid = appOf(asked)
  if (appid === undefined) return wechatError(40001)
  const user = useCode(state, 'phone', String(body['code']), appid)
  if (user === 'used') return wechatError(40163)
  if (user === 'wrong' || user.phone === undefined) return wechatError(40029)
  if (body['openid'] !== undefined && body['openid'] !== user.openid) return wechatError(40029)
  const [, countryCode = '', purePhoneNumber = ''] = /^\+(86|\d{1,3})(\d+)$/.exec(user.phone) ?? []
  const watermark = {
    timestamp: Math.floor(state.clock() / 1000),
    appid: fault === 'foreign-watermark' ? 'wxforeign' : appid,
  }
  // the country is left out at home alone
  const shown = countryCode === '86' ? purePhoneNumber : user.phone
  const info = { phoneNumber: shown, purePhoneNumber, countryCode, watermark }
  return { ...wechatError(0), errmsg: 'ok', phone_info: info }
}

/** `POST /cityservice/face/identify/getverifyid`: binds a face verification to name, number and openid. */
export function beginFace(asked: Asked): object {
  const { state, body } = asked
  if (appOf(asked) === undefined) return wechatError(40001)
  const { out_seq_no: sequence, openid, cert_info: info } = body
  const cert = (info ?? {}) as Record<string, unknown>
  if (typeof sequence !== 'string' || !/^.{5,32}$/.test(sequence) || typeof openid !== 'string')
    return wechatError(40097)
  const id = `v-${randomText()}`
  const bound = [sequence, openid, certHash(cert)].join()
  state.faces.set(id, { id, bound, result: undefined, expiresAt: state.clock() + faceSeconds * 1000 })
  return { ...wechatError(0), errmsg: 'ok', verify_id: id, expires_in: faceSeconds }
}

/** `POST /cityservice/face/identify/queryverifyinfo`: `verify_ret` 10000 alone is passed. */
export function faceResult(asked: Asked): object {
  const { state, body } = asked
  if (appOf(asked) === undefined) return wechatError(40001)
  const face = state.faces.get(String(body['verify_id']))
  const bound = [body['out_seq_no'], body['openid'], body['cert_hash']].map(String).join()
  if (!face || face.bound !== bound || state.clock() >= face.expiresAt) return wechatError(40097)
  return { ...wechatError(0), errmsg: 'ok', verify_ret: Number(face.result ?? '90001') }
}

function certHash(cert: Record<string, unknown>): string {
  const base64 = (name: string) => Buffer.from(String(cert[name])).toString('base64')
  const text = ['cert_type', 'cert_name', 'cert_no'].map((name) => `${name}=${base64(name)}`).join('&')
  return createHash('sha256').update(text).digest('hex')
}
