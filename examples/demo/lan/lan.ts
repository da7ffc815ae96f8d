import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { lookup } from 'node:dns/promises'
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { DemoError } from '../demo-error.ts'
import { lasts, makeAuthority, makeServerCertificate, type Issued, type Scope } from './certificates.ts'

/** Where telephones of the same network reach the demo. */
export interface Lan {
  /** An address of IPv4 of this machine. */
  readonly address: string
  /** What the addresses show: the address, or a name of it. Passkeys need a name. */
  readonly host: string
}

/** The private networks (RFC 1918), and their masks. */
const privateNetworks: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [10, 0, 0, 0],
    [255, 0, 0, 0],
  ],
  [
    [172, 16, 0, 0],
    [255, 240, 0, 0],
  ],
  [
    [192, 168, 0, 0],
    [255, 255, 0, 0],
  ],
]

const within = (address: readonly number[], [network, mask]: readonly [readonly number[], readonly number[]]) =>
  address.every((octet, at) => (octet & (mask[at] ?? 0)) === network[at])
const numbersOf = (address: string) => address.split('.').map(Number)

/**
 * Addresses of this machine in its networks; private ones first, those of virtual networks last.
 * @internal
 */
export function ownAddresses(interfaces = networkInterfaces()): string[] {
  const rank = (name: string, address: string) =>
    (/^(docker|br-|veth|virbr|vmnet|tun|utun)/.test(name) ? 2 : 0) +
    (privateNetworks.some((one) => within(numbersOf(address), one)) ? 0 : 1)
  return Object.entries(interfaces)
    .flatMap(([name, found = []]) => found.map((one) => ({ name, ...one })))
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .sort((one, other) => rank(one.name, one.address) - rank(other.name, other.address))
    .map(({ address }) => address)
}

/**
 * Reads `--lan` or `--lan=HOST`.
 * @throws DemoError where this machine has no such address, or the name does not lead to it
 */
export async function lanOf(host: string): Promise<Lan> {
  const addresses = ownAddresses()
  const [first] = addresses
  if (first === undefined) throw new DemoError('This machine is in no network: --lan finds no address of IPv4.')
  if (host === '') return { address: first, host: first }
  if (isIPv4(host)) {
    if (addresses.includes(host)) return { address: host, host }
    throw new DemoError(`--lan=${host} is no address of this machine. It has: ${addresses.join(', ')}`)
  }
  if (!/^(?=.{4,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/.test(host))
    throw new DemoError(`--lan=${host} is neither an address of IPv4 nor a name in small letters.`)
  const found = await lookup(host, { all: true, family: 4 }).catch(() => [])
  const address = found.map((one) => one.address).find((one) => addresses.includes(one))
  if (address !== undefined) return { address, host }
  throw new DemoError(`The name ${host} does not lead to this machine here. It has: ${addresses.join(', ')}`)
}

/** A name of no machine on a network. An authority without a name permits all names, so it gets this one. */
const noName = 'localhost'

function scopeOf({ address, host }: Lan): Scope {
  const numbers = numbersOf(address)
  const [network, mask] = privateNetworks.find((one) => within(numbers, one)) ?? [numbers, [255, 255, 255, 255]]
  return { name: isIPv4(host) ? noName : host, network, mask }
}

/** The certificates of a demo, and the file of its authority for other processes. */
export interface LanCertificates extends Issued {
  readonly authority: string
  readonly authorityFile: string
}

/** Keeps one authority for each scope in `directory`, and makes a new certificate of the server at each start. */
export function lanCertificates(lan: Lan, directory: string, now: number): LanCertificates {
  const scope = scopeOf(lan)
  const own = join(directory, `${scope.name}-${scope.network.join('.')}`)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  const [authorityFile, keyFile] = [join(own, 'authority.pem'), join(own, 'authority-key.pem')]
  const kept = existsSync(authorityFile) && existsSync(keyFile)
  if (!kept || !lasts(readFileSync(authorityFile, 'utf8'), now)) {
    const made = makeAuthority(scope, now)
    writeFileSync(keyFile, made.key, { mode: 0o600 })
    writeFileSync(authorityFile, made.cert, { mode: 0o600 })
  }
  const authority = { cert: readFileSync(authorityFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
  const issued = makeServerCertificate(authority, scope.name, lan.address, now)
  return { ...issued, authority: authority.cert, authorityFile }
}

/** Lets the portals of this process trust the authority of the demo, until the returned function is called. */
export function trust({ authority }: LanCertificates): () => void {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, authority])
  return () => setDefaultCACertificates(before)
}
