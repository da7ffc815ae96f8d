import { skeletonOf } from '../text/shown-names.ts'

/** The host of an address as people see it (other scripts in ASCII), or the scheme of an application. */
export function hostOf(uri: string): string {
  const url = URL.parse(uri)
  return url ? url.host || url.protocol.replace(/:$/, '') : ''
}

interface Shown {
  name: string
  redirect_uris: readonly string[]
}

const hostsOf = ({ redirect_uris }: Pick<Shown, 'redirect_uris'>) => new Set(redirect_uris.map(hostOf))

/** Whether the hosts of a registration are a subset of those of another one. */
export function staysWithin(one: Pick<Shown, 'redirect_uris'>, other: Pick<Shown, 'redirect_uris'>): boolean {
  const hosts = hostsOf(one)
  return hosts.size > 0 && hosts.isSubsetOf(hostsOf(other))
}

/**
 * Another portal that people could confuse with this one: its name looks the same, and its hosts are different. Several clients of
 * one host may share a name: pages show the host next to it.
 */
export function lookalike<Other extends Shown>(portal: Shown, others: readonly Other[]): Other | undefined {
  const skeleton = skeletonOf(portal.name)
  return others.find((other) => skeletonOf(other.name) === skeleton && !staysWithin(portal, other))
}
