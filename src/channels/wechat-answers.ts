import { z } from 'zod'
import type { ChannelFailure } from './channel-client.ts'
import { readDocument, type VendorAnswer } from './vendor-call.ts'

/** Codes that WeChat sends with HTTP 200 (developers.weixin.qq.com). Each other code counts as `unavailable`. */
const failures: Readonly<Record<number, ChannelFailure>> = {
  40029: 'code_refused',
  40163: 'code_refused',
  41008: 'code_refused',
  40226: 'user_blocked',
  45011: 'user_blocked',
  40001: 'channel_misconfigured',
  40013: 'channel_misconfigured',
  40125: 'channel_misconfigured',
  40164: 'channel_misconfigured', // this address is not on the list of the console
  40243: 'channel_misconfigured', // the secret is frozen
  41002: 'channel_misconfigured',
  41004: 'channel_misconfigured',
  48001: 'channel_misconfigured', // the app has no right to this call
}

const status = z.object({ errcode: z.number().default(0) })

/** `errcode` of an answer, 0 for success; undefined for an answer that is no document. */
export const errcodeOf = (text: string | undefined): number | undefined => readDocument(status, text)?.errcode

/** Reads an answer of WeChat: `errcode` decides, never the HTTP status. */
export function readWechat<T>(schema: z.ZodType<T>, text: string | undefined): VendorAnswer<T> {
  const errcode = errcodeOf(text)
  if (errcode !== 0) return { failure: (errcode !== undefined && failures[errcode]) || 'unavailable' }
  const value = readDocument(schema, text)
  return value === undefined ? { failure: 'unavailable' } : { value }
}
