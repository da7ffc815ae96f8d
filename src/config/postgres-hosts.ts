/**
 * Addresses of PostgreSQL with several hosts, as libpq has them (PostgreSQL documentation, "Multiple Hosts", 34.1.1.3):
 * `postgres://user:password@one:5432,other:5433/database?target_session_attrs=read-write`.
 */

const parts = /^(postgres(?:ql)?:\/\/)([^/?#]+)([^#]*)$/
const attribute = 'target_session_attrs'

/** A server of Yideng writes, so no other attribute of libpq makes sense. Without one, several hosts mean the same. */
const writable = ['read-write', 'primary']

/**
 * One address for each host, in the order given.
 * @returns undefined where the text is no such address
 */
export function postgresHosts(url: string): string[] | undefined {
  const [, scheme = '', authority = '', rest = ''] = parts.exec(url) ?? []
  const at = authority.lastIndexOf('@') + 1
  const hosts = authority.slice(at).split(',')
  const each = hosts.map((host) =>
    host === '' ? '' : `${scheme}${authority.slice(0, at)}${host}${withoutAttribute(rest)}`,
  )
  return each.every((one) => URL.canParse(one) && new URL(one).hostname !== '') ? each : undefined
}

/** The other parameters stay as they are: the driver reads them. */
function withoutAttribute(rest: string): string {
  const [path = '', ...query] = rest.split('?')
  const left = query
    .join('?')
    .split('&')
    .filter((one) => one !== '' && !one.startsWith(`${attribute}=`))
  return left.length === 0 ? path : `${path}?${left.join('&')}`
}

const attributesOf = (url: string): string[] =>
  [...url.matchAll(new RegExp(`[?&]${attribute}=([^&]*)`, 'g'))].map(([, value = '']) => value)

/** The fault of `target_session_attrs` in an address, or undefined. */
export function sessionAttributeFault(url: string): string | undefined {
  const given = attributesOf(url)
  return given.length > 1 || given.some((value) => !writable.includes(value))
    ? `must have one ${attribute} of ${writable.join(', ')}, or none`
    : undefined
}

/** Whether a new connection has to ask if its server accepts writes. */
export const mustAcceptWrites = (url: string): boolean =>
  attributesOf(url).length > 0 || (postgresHosts(url)?.length ?? 0) > 1
