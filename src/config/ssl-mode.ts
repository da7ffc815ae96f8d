import { postgresHosts } from './postgres-hosts.ts'

/** What `sslmode` in the address of PostgreSQL means: as in libpq (PostgreSQL documentation, "SSL Support", table 32.1). */

const modes = ['disable', 'require', 'verify-ca', 'verify-full']

const parameter = (url: string, name: string) => new URL(url).searchParams.getAll(name)

/**
 * The fault of the `sslmode` of an address, or undefined. `allow` and `prefer` are refused: with them
 * libpq also talks without TLS, so a stranger on the way can demand it.
 * @param url an address that `URL` can parse
 */
export function sslModeFault(url: string): string | undefined {
  const [mode, ...more] = parameter(url, 'sslmode')
  if (mode === undefined) return undefined
  if (!modes.includes(mode) || more.length > 0) return `must have one sslmode of ${modes.join(', ')}`
  if (mode === 'verify-ca' && !parameter(url, 'sslrootcert').at(-1))
    return 'must have sslrootcert=FILE beside sslmode=verify-ca'
  return undefined
}

/** Whether an address asks for TLS, but trusts any certificate: `require` without a root. */
export function trustsAnyCertificate(url: string): boolean {
  const [first = url] = postgresHosts(url) ?? []
  return parameter(first, 'sslmode').at(-1) === 'require' && !parameter(first, 'sslrootcert').at(-1)
}

/** The address with the parameter that makes pg read `sslmode` as libpq does. Without it, pg warns and means `verify-full`. */
export const asLibpqReads = (url: string): string => `${url}${url.includes('?') ? '&' : '?'}uselibpqcompat=true`
