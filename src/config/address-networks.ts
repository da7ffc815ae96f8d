import { isIPv4, isIPv6 } from 'node:net'

/** A network that requests are counted by; its limit is `factor` times the usual one. */
export interface Counted {
  key: string
  factor: number
}

/**
 * Prefixes that providers assign to one IPv6 customer (RFC 6177): /64 to a telephone, /56 to /64 to a household, /48 to an
 * office. A /48 of a carrier holds many telephones, hence the larger factor.
 */
const ipv6Networks = [
  { groups: 4, bits: 64, factor: 1 },
  { groups: 4, bits: 56, factor: 4 },
  { groups: 3, bits: 48, factor: 16 },
] as const

/** One network for all unreadable addresses, so that a misconfigured proxy does not disable limits. */
const unreadable: readonly Counted[] = [{ key: 'unreadable', factor: 1 }]

/**
 * The networks that an address is counted by, narrowest first: the IPv4 address, or the IPv6 /64, /56 and /48. An IPv4
 * address inside IPv6 counts as that IPv4 address (RFC 4291 2.5.5.2, RFC 6052, RFC 8215, RFC 3056).
 * @param address from a socket or proxy; port and zone (`%eth0`) are ignored
 */
export function networksOf(address: string): readonly Counted[] {
  if (isIPv4(address)) return [{ key: address, factor: 1 }]
  const plain = withoutPort(address)
  if (isIPv4(plain)) return [{ key: plain, factor: 1 }]
  if (!isIPv6(plain)) return unreadable
  const groups = groupsOf(plain)
  const inside = embedded(groups)
  if (inside !== undefined) return [{ key: inside, factor: 1 }]
  return ipv6Networks.map(({ groups: many, bits, factor }) => {
    const kept = groups.slice(0, many)
    if (bits === 56) kept[3] = (kept[3] ?? 0) & 0xff_00
    return { key: `${kept.map((group) => group.toString(16)).join(':')}/${bits}`, factor }
  })
}

/** Some proxies write `192.0.2.1:443`, `[2001:db8::1]:443` or `[2001:db8::1]`; the port of a `Forwarded` may be a word. */
const withoutPort = (address: string) =>
  /^\[([^\]]*)\](?::[\w.-]+)?$/.exec(address)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):[\w.-]+$/.exec(address)?.[1] ?? address

/**
 * The client's address from the headers of the proxy next to this server, without port: the last `X-Forwarded-For`, or
 * else the last `for` of `Forwarded` (RFC 7239 section 5.2). Empty when neither has a value.
 */
export function forwardedAddress(headers: { xForwardedFor: string; forwarded: string }): string {
  const last = (values: string[]) => values.findLast((value) => value !== '') ?? ''
  const listed = last(headers.xForwardedFor.split(',').map((value) => value.trim()))
  const named = () => last(outsideQuotes(headers.forwarded, ',').map(forOf))
  return withoutPort((listed || named()).replaceAll('"', ''))
}

/** The `for` of one hop; a quoted value of another name may contain anything. */
const forOf = (hop: string): string =>
  outsideQuotes(hop, ';')
    .map((pair) => /^\s*for\s*=(.*)$/i.exec(pair)?.[1]?.trim() ?? '')
    .find((value) => value !== '') ?? ''

/** Divides a text at a sign, but not within a quoted string (RFC 9110 section 5.6.4). */
function outsideQuotes(text: string, sign: string): string[] {
  const parts: string[] = []
  let quoted = false
  let begin = 0
  for (let at = 0; at < text.length; at += 1) {
    if (quoted && text[at] === '\\') at += 1
    else if (text[at] === '"') quoted = !quoted
    else if (!quoted && text[at] === sign) {
      parts.push(text.slice(begin, at))
      begin = at + 1
    }
  }
  return [...parts, text.slice(begin)]
}

/** The eight groups of a valid IPv6 address as numbers. */
function groupsOf(address: string): number[] {
  const [whole = ''] = address.split('%')
  const hexadecimal = whole.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...octets: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = octets.slice(0, 4).map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [before = [], behind = []] = hexadecimal.split('::').map((part) =>
    part
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16)),
  )
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - behind.length) }, () => 0)
  return [...before, ...zeros, ...behind]
}

/** The IPv4 address inside an IPv6 address, if there is one. */
function embedded(groups: readonly number[]): string | undefined {
  const begins = (...first: number[]) => first.every((group, index) => groups[index] === group)
  const at = (index: number) => {
    const [high = 0, low = 0] = groups.slice(index, index + 2)
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  if (begins(0x2002)) return at(1)
  const mapped = begins(0, 0, 0, 0, 0, 0xff_ff) || begins(0, 0, 0, 0, 0xff_ff, 0)
  const translated = begins(0x64, 0xff_9b, 0, 0, 0, 0) || begins(0x64, 0xff_9b, 1)
  return mapped || translated ? at(6) : undefined
}
