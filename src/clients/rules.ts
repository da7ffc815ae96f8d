/** Rules a portal's registration must keep; each refusal says how to mend it. */

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])
const longest = 2000

export function isLoopback(url: URL): boolean {
  return loopback.has(url.hostname)
}

/** Printable ASCII without quotes and angle brackets: what an address looks like on the wire (RFC 3986). */
const wireForm = /^[\u0021\u0023-\u003b\u003d\u003f-\u007e]+$/

function faultOfAddress(value: string): string | undefined {
  if (value.length > longest) return `is longer than ${longest} characters`
  if (!wireForm.test(value)) return 'has characters that do not belong in an address: percent-encode them'
  if (value.includes('*')) return 'has a wildcard: register every address in full'
  if (value.includes('#')) return 'has a fragment: leave out the # and what follows'
  if (!URL.canParse(value)) return 'is not an absolute address such as https://portal.example.gov.cn/callback'
  const url = new URL(value)
  if (url.username || url.password) return 'holds a user name or password: leave it out'
  if (url.href !== value && url.href !== `${value}/`) return `is not in its plain form: write ${url.href}`
  return undefined
}

/** Why an https address (http only on loopback) cannot be registered, or undefined when it can. */
export function faultOfWebUri(value: string): string | undefined {
  const fault = faultOfAddress(value)
  if (fault) return fault
  const url = new URL(value)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return undefined
  return 'must begin with https:// (http:// is allowed on localhost, 127.0.0.1 and [::1] only)'
}

/** A native application may also use a scheme of its own, in reverse domain form (RFC 8252 section 7.1). */
export function faultOfRedirectUri(value: string, type: string): string | undefined {
  if (type !== 'native') return faultOfWebUri(value)
  const fault = faultOfAddress(value)
  if (fault) return fault
  const { protocol } = new URL(value)
  if (/^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(protocol)) return undefined
  return faultOfWebUri(value) && 'must begin with https:// or a scheme such as cn.gov.example.app:/'
}

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** A portal's key set must be public and usable for `private_key_jwt` (RFC 7517). */
export function faultOfJwks(jwks: unknown): string | undefined {
  const keys = (jwks as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys) || keys.length === 0) return 'must be a JSON object with at least one key in "keys"'
  if (keys.length > 20) return 'has more than 20 keys'
  for (const key of keys as Record<string, unknown>[]) {
    if (typeof key !== 'object' || key === null) return 'has an entry that is not an object'
    const secret = privateMembers.find((member) => member in key)
    if (secret) return `holds a private key (member "${secret}"): send the public half only, and make a new pair`
    if (!['EC', 'RSA', 'OKP'].includes(String(key['kty']))) return 'has a key whose "kty" is not EC, RSA or OKP'
  }
  return undefined
}
