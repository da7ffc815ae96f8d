/** Rules for the registration of a portal. Each refusal says how to correct it. */

import { faultOfShownName } from '../text/shown-names.ts'
import { lookalike, staysWithin } from './hosts.ts'

interface Named {
  name: string
  organisation?: string | undefined
  redirect_uris: readonly string[]
}

/**
 * Checks the names of a registration against all others. An unchanged name is not checked: the portal keeps working, and
 * `yideng doctor` reports it.
 */
export function problemsOfNames(
  after: Named,
  before: Named | undefined,
  others: readonly Named[],
): { field: 'name' | 'organisation'; message: string }[] {
  const problems: { field: 'name' | 'organisation'; message: string }[] = []
  for (const field of ['name', 'organisation'] as const) {
    const name = after[field]
    if (name === undefined || name === before?.[field]) continue
    const fault = faultOfShownName(name)
    if (fault !== undefined) problems.push({ field, message: fault })
  }
  const asBefore = before !== undefined && after.name === before.name && staysWithin(after, before)
  if (asBefore || problems.length > 0) return problems
  if (lookalike(after, others))
    problems.push({ field: 'name', message: 'is the name of a portal of another host, or looks like it' })
  return problems
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])
const longest = 2000

export function isLoopback(url: URL): boolean {
  return loopback.has(url.hostname)
}

/** Printable ASCII without quotes and angle brackets: the form of an address on the wire (RFC 3986). */
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

/** Ports that browsers never open (WHATWG Fetch, "bad port"), above those of well-known services. */
const closedPorts = new Set(
  `1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95
101 102 103 104 109 110 111 113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 995`
    .split(/\s/)
    .map(Number),
)

/** What a Content-Security-Policy can name as a host (CSP Level 3 section 2.3.1): no IPv6, no underscore, no final dot. */
const namedHost = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/

const faultOfPort = ({ port }: URL): string | undefined =>
  closedPorts.has(Number(port)) ? `has port ${port}, which browsers never open: use another` : undefined

/** Why the address of a link cannot be registered, or undefined when it can. */
export const faultOfLink = (value: string): string | undefined => faultOfWebUri(value) ?? faultOfPort(new URL(value))

/** Why a browser would not follow a redirect of ours to this address. */
function faultOfWebRedirect(value: string): string | undefined {
  const fault = faultOfWebUri(value)
  if (fault) return fault
  const url = new URL(value)
  // RFC 8252 section 7.3 has apps listen at [::1]
  if (!namedHost.test(url.hostname) && !isLoopback(url)) {
    return 'has a host that a Content-Security-Policy cannot name: use a host name, or 127.0.0.1'
  }
  return faultOfPort(url)
}

/** Schemes with a dot that Chromium gives to no application (its list of denied external protocols). */
const closedSchemes = new Set(['ie.http:', 'vnd.ms.radio:'])

/** A native application may also use its own scheme, in reverse domain form (RFC 8252 section 7.1). */
export function faultOfRedirectUri(value: string, type: string): string | undefined {
  if (type !== 'native') return faultOfWebRedirect(value)
  const fault = faultOfAddress(value)
  if (fault) return fault
  const { protocol } = new URL(value)
  if (closedSchemes.has(protocol)) return `has the scheme ${protocol}, which browsers never open: use another`
  if (/^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(protocol)) return undefined
  const isWeb = faultOfWebUri(value) === undefined
  return isWeb ? faultOfWebRedirect(value) : 'must begin with https:// or a scheme such as cn.gov.example.app:/'
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

/** Prefix of Yideng's own clients, which are in no table: the account centre and the command line. */
const ownPrefix = 'yideng-'
/** A generated id, or a name in lower case; both are safe in addresses, in HTTP Basic and as property names. */
const idForm = /^(?:[0-9a-f]{24}|[a-z][a-z0-9-]{7,63})$/

/**
 * Why an id from outside cannot be that of a portal; undefined when it can. oidc-provider uses ids as property names: an inherited
 * one (`__proto__`, `constructor`) would change all objects of the process.
 */
export function faultOfClientId(id: string): string | undefined {
  if (id in Object.prototype || !idForm.test(id))
    return 'must be 24 hexadecimal digits, or 8 to 64 lower-case letters, digits and hyphens that begin with a letter'
  if (id.startsWith(ownPrefix)) return `must not begin with ${ownPrefix}: Yideng's own clients do`
  // the subject of a service's tokens is its client_id: it must never be a person's (RFC 9700 section 4.15)
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return 'must not be a UUID: accounts have such ids'
  return undefined
}
