import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import { canonicalQuery, signAcs3 } from '../keys/request-signatures.ts'
import { postTo, type VendorFetch } from './vendor-calls.ts'

export const alibabaAccount = { accessKeyId: z.string().min(1), accessKeySecret: z.string().min(1) }

export interface AlibabaCall {
  account: { accessKeyId: string; accessKeySecret: string; endpoint: string }
  action: string
  version: string
  query: Readonly<Record<string, string>>
}

/** One call of an RPC product of Alibaba Cloud, signed by ACS3-HMAC-SHA256; returns the answer as it came. @throws VendorFailed */
export async function askAlibaba(
  fetch: VendorFetch,
  clock: Clock,
  { account, action, version, query }: AlibabaCall,
): Promise<string> {
  const { accessKeyId, accessKeySecret, endpoint } = account
  const { host } = new URL(endpoint)
  const date = new Date(clock()).toISOString().replace(/\.\d+Z$/, 'Z')
  const nonce = randomBytes(16).toString('hex')
  const signed = signAcs3({ accessKeyId, accessKeySecret, host, action, version, query, nonce, date })
  const { host: _host, ...headers } = signed
  return (await postTo(fetch, `${endpoint}/?${canonicalQuery(query)}`, headers, '')).text
}
