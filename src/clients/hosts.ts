import { skeletonOf } from '../text/names.ts'

/** What an address belongs to, as people read it: its host (names of other scripts in ASCII), or the scheme of an application. */
export function hostOf(uri: string): string {
  const url = URL.parse(uri)
  return url ? url.host || url.protocol.replace(/:$/, '') : ''
}

interface Shown {
  name: string
  redirect_uris: readonly string[]
}

const hostsOf = ({ redirect_uris }: Pick<Shown, 'redirect_uris'>) => new Set(redirect_uris.map(hostOf))

/** Whether a registration leads people only to hosts that another one leads them to. */
export function staysWithin(one: Pick<Shown, 'redirect_uris'>, other: Pick<Shown, 'redirect_uris'>): boolean {
  const hosts = hostsOf(one)
  return hosts.size > 0 && hosts.isSubsetOf(hostsOf(other))
}

/**
 * The other portal that people could take this one for: its name looks the same, and it has other hosts. Several clients of
 * one host may share a name: pages show the host beside it.
 */
export function lookalike<Other extends Shown>(portal: Shown, others: readonly Other[]): Other | undefined {
  const skeleton = skeletonOf(portal.name)
  return others.find((other) => skeletonOf(other.name) === skeleton && !staysWithin(portal, other))
}
