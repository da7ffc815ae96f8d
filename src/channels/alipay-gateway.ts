import { createPrivateKey, createPublicKey, createSign, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import { SettingsError } from '../config/settings.ts'
import { chinaOffsetMs } from '../config/time.ts'
import { isSigned, receivedValue } from './alipay-answers.ts'
import type { ChannelFailure } from './channel-client.ts'
import type { Channel } from './channels.ts'
import { readDocument, type AskVendor, type VendorAnswer } from './vendor-call.ts'

/** Alipay's gateway: each call is signed by the app, each answer by Alipay (RSA2). */
export interface AlipayGateway {
  /** Calls a method. `schema` reads the signed value of the answer, which is never read before its signature. */
  call<T>(method: string, own: Record<string, string>, schema: z.ZodType<T>): Promise<VendorAnswer<T>>
  /** The address of a page that a browser opens, signed as a call is. */
  pageUrl(method: string, own: Record<string, string>): string
}

/** Codes of Alipay; 10000 is success (opendocs.alipay.com). Each other code counts as `unavailable`. */
const failures: Readonly<Record<string, ChannelFailure>> = {
  'isv.code-invalid': 'code_refused',
  '20001': 'channel_misconfigured',
  '40001': 'channel_misconfigured',
  '40002': 'channel_misconfigured',
  '40003': 'channel_misconfigured',
  '40006': 'channel_misconfigured',
}

const status = z.object({ code: z.string().optional(), sub_code: z.string().optional() })
const errorDocument = z.object({ error_response: status })
const signDocument = z.object({ sign: z.string().max(1024) })

/** @throws SettingsError for a key that is none */
export function createAlipayGateway(channel: Channel, ask: AskVendor, clock: Clock): AlipayGateway {
  const privateKey = readKey(channel.id, 'private', () => createPrivateKey(pem(channel.secret, 'PRIVATE KEY')))
  const publicKey = readKey(channel.id, 'public', () => createPublicKey(pem(channel.publicKey ?? '', 'PUBLIC KEY')))

  function signedParameters(method: string, own: Record<string, string>): Record<string, string> {
    const parameters = {
      app_id: channel.appid,
      method,
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: new Date(clock() + chinaOffsetMs).toISOString().slice(0, 19).replace('T', ' '),
      version: '1.0',
      ...own,
    }
    const sign = createSign('RSA-SHA256').update(signText(parameters)).sign(privateKey, 'base64')
    return { ...parameters, sign }
  }

  return {
    async call(method, own, schema) {
      const text = await ask('/gateway.do', { form: signedParameters(method, own) })
      return readAnswer(text, `${method.replaceAll('.', '_')}_response`, publicKey, schema)
    },
    pageUrl: (method, own) =>
      `${channel.api}/gateway.do?${new URLSearchParams(signedParameters(method, own)).toString()}`,
  }
}

/** What the app signs: all parameters that have a value, by name, neither encoded nor quoted. */
const signText = (parameters: Record<string, string>): string =>
  Object.entries(parameters)
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')

function readAnswer<T>(
  text: string | undefined,
  name: string,
  publicKey: KeyObject,
  schema: z.ZodType<T>,
): VendorAnswer<T> {
  const value = text === undefined ? undefined : receivedValue(text, name)
  const { sign = '' } = readDocument(signDocument, text) ?? {}
  // an error has often no signature, so it decides nothing but which failure this is
  if (value === undefined) return { failure: failureOf(readDocument(errorDocument, text)?.error_response) }
  if (!isSigned(value, sign, publicKey)) return { failure: 'unavailable' }
  const state = readDocument(status, value)
  if (!state || (state.code !== undefined && state.code !== '10000')) return { failure: failureOf(state) }
  const read = readDocument(schema, value)
  return read === undefined ? { failure: 'unavailable' } : { value: read }
}

const failureOf = ({ code = '', sub_code: subCode = '' }: z.infer<typeof status> = {}): ChannelFailure =>
  failures[subCode] ?? failures[code] ?? 'unavailable'

/** Alipay's own tool writes keys without the lines around them. */
const pem = (key: string, label: string) =>
  key.includes('-----BEGIN') ? key : `-----BEGIN ${label}-----\n${key}\n-----END ${label}-----`

function readKey(id: string, which: string, read: () => KeyObject): KeyObject {
  try {
    const key = read()
    if (key.asymmetricKeyType === 'rsa') return key
  } catch {
    // the error may have the key
  }
  throw new SettingsError(
    `The setting YIDENG_CHANNELS names a file that cannot be used: the ${which} key of the channel ${id} is no RSA key.`,
  )
}
