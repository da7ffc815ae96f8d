import { createHash, createHmac } from 'node:crypto'

// Both vendors publish SDKs, each with a dozen packages to sign one request. The algorithms are short, documented, and
// tested against the examples of the vendors. Face vendors and senders of texts use them.

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** Header names in the order they are signed. */
const joined = (headers: readonly [string, string][]) => ({
  canonical: headers.map(([name, value]) => `${name}:${value}\n`).join(''),
  names: headers.map(([name]) => name).join(';'),
})

/** Tencent Cloud API 3.0, signature v3 (TC3-HMAC-SHA256), for a POST of JSON to `/`. `at` is in seconds. */
export function signTc3(request: {
  secretId: string
  secretKey: string
  service: string
  host: string
  action: string
  body: string
  at: number
}): string {
  const { secretId, secretKey, service, host, action, body, at } = request
  const date = new Date(at * 1000).toISOString().slice(0, 10)
  const { canonical, names } = joined([
    ['content-type', 'application/json; charset=utf-8'],
    ['host', host],
    ['x-tc-action', action.toLowerCase()],
  ])
  const canonicalRequest = ['POST', '/', '', canonical, names, sha256(body)].join('\n')
  const scope = `${date}/${service}/tc3_request`
  const toSign = ['TC3-HMAC-SHA256', at, scope, sha256(canonicalRequest)].join('\n')
  const key = hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request')
  const signature = hmac(key, toSign).toString('hex')
  return `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
}

/** RFC 3986, as both sides of a query are written. */
const percent = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** A query as Alibaba Cloud signs it: sorted by name. */
export const canonicalQuery = (query: Readonly<Record<string, string>>): string =>
  Object.keys(query)
    .sort()
    .map((name) => `${percent(name)}=${percent(query[name] ?? '')}`)
    .join('&')

/** Alibaba Cloud signature v3 (ACS3-HMAC-SHA256), for a POST to `/` with its parameters in the query. */
export function signAcs3(request: {
  accessKeyId: string
  accessKeySecret: string
  host: string
  action: string
  version: string
  query: Readonly<Record<string, string>>
  nonce: string
  /** ISO 8601 in UTC, to the second. */
  date: string
}): Record<string, string> {
  const { accessKeyId, accessKeySecret, host, action, version, query, nonce, date } = request
  const headers: [string, string][] = [
    ['host', host],
    ['x-acs-action', action],
    ['x-acs-content-sha256', sha256('')],
    ['x-acs-date', date],
    ['x-acs-signature-nonce', nonce],
    ['x-acs-version', version],
  ]
  const { canonical, names } = joined(headers)
  const canonicalRequest = ['POST', '/', canonicalQuery(query), canonical, names, sha256('')].join('\n')
  const signature = hmac(accessKeySecret, `ACS3-HMAC-SHA256\n${sha256(canonicalRequest)}`).toString('hex')
  const authorization = `ACS3-HMAC-SHA256 Credential=${accessKeyId},SignedHeaders=${names},Signature=${signature}`
  return { ...Object.fromEntries(headers), authorization }
}
