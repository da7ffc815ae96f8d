import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { networkRefused, tooLong } from '../upstreams/upstream-fetch.ts'
import { hostOf, type AddressRule } from './reachable.ts'

type Lookup = (
  host: string,
  options: { all: true },
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

const usualPatienceMs = 2500
const usualMostBytes = 256 * 1024
const keptHeaders = ['content-type', 'cache-control', 'expires', 'date', 'age', 'location'] as const

export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>

interface OutboundOptions {
  allowed: AddressRule
  lookup?: Lookup
  /** Milliseconds for a whole answer. */
  patienceMs?: number
  /** Reads the answer to a POST too: for a vendor whose answer counts. */
  readsPosts?: boolean
  /** Bytes of a whole answer. */
  mostBytes?: number
}

/**
 * Fetches the URLs of a portal's registration: its key set and its back-channel logout; and calls the vendors of the settings. The resolved address is
 * checked at connection time, so a name cannot change between check and use. Redirects are not followed. The response
 * is limited in size and time. Of an answer to POST usually only the status is read, so its body may be long or endless.
 */
export function createOutbound(options: OutboundOptions): Fetch {
  const { allowed, lookup = systemLookup, patienceMs = usualPatienceMs, readsPosts = false } = options
  const { mostBytes = usualMostBytes } = options
  // a connection of its own for each call: a late answer on a kept one would count for the next call
  const tls = new HttpsAgent({ keepAlive: false })
  const refused = (host: string) =>
    Object.assign(new Error(`${host} is not on the public internet, nor in YIDENG_OUTBOUND_NETWORKS`), {
      code: networkRefused,
    })

  // the connection uses one of the checked addresses
  const guarded = (host: string, { all }: { all?: boolean }, answer: (...given: unknown[]) => void) => {
    lookup(host, { all: true }, (error, addresses) => {
      const forbidden = addresses?.length === 0 || addresses?.some(({ address }) => !allowed(address))
      if (error) answer(error)
      else if (forbidden) answer(refused(host))
      else if (all) answer(null, addresses)
      else answer(null, addresses[0]?.address, addresses[0]?.family)
    })
  }

  return async (given, init = {}) => {
    const url = new URL(given instanceof Request ? given.url : given)
    const host = hostOf(url)
    if (isIP(host) && !allowed(host)) throw refused(host)
    const body =
      init.body === undefined || init.body === null
        ? undefined
        : Buffer.from(await new Response(init.body).arrayBuffer())
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest
    const { method = 'GET' } = init
    const settings = {
      method,
      headers: Object.fromEntries(new Headers(init.headers)),
      lookup: guarded as never,
      agent: url.protocol === 'https:' ? tls : false,
      signal: AbortSignal.timeout(patienceMs),
    }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      start(url, settings, resolve)
        .on('error', reject)
        // the only event after 101 (node:http)
        .on('close', () => reject(new Error(`${url.host} gave no answer`)))
        .end(body)
    })
    return responseOf(answer, method === 'POST' && !readsPosts ? undefined : await readAll(answer, url.host, mostBytes))
  }
}

function readAll(answer: IncomingMessage, host: string, mostBytes: number): Promise<Buffer> {
  const longer = () => Object.assign(new Error(`${host} answers more than ${mostBytes} bytes`), { code: tooLong })
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    answer.on('data', (chunk: Buffer) => {
      length += chunk.length
      chunks.push(chunk)
      if (length > mostBytes) answer.destroy(longer())
    })
    answer.on('error', reject)
    answer.on('end', () => resolve(Buffer.concat(chunks)))
  })
}

/** @throws Error for a status that HTTP does not have (RFC 9110, 15) */
function responseOf(answer: IncomingMessage, body: Buffer | undefined): Response {
  // a discarded body ends the connection, and its errors are no matter
  if (body === undefined) answer.on('error', () => undefined).destroy()
  const { statusCode: status = 0 } = answer
  if (status < 200 || status > 599) throw new Error(`the status ${status} does not exist`)
  const empty = [204, 205, 304].includes(status)
  const headers = keptHeaders.flatMap((name) => (answer.headers[name] ? [[name, answer.headers[name]]] : []))
  return new Response(empty ? null : body, { status, headers: Object.fromEntries(headers) as Record<string, string> })
}
