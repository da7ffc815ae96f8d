import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { parse, type ParsedUrlQuery } from 'node:querystring'

/** Headers that change how a client is authenticated, or how the answer looks: oidc-provider takes care of them. */
const unusual = ['origin', 'dpop', 'oauth-client-attestation', 'oauth-client-attestation-pop'] as const

export const isPlain = ({ headers }: IncomingMessage): boolean => unusual.every((name) => headers[name] === undefined)

const bearerForm = /^Bearer ([\w-]{20,200})$/i

/** The opaque token of an `Authorization` header (RFC 6750 section 2.1). Undefined for any other value. */
export const bearerOf = ({ headers }: IncomingMessage): string | undefined =>
  bearerForm.exec(headers.authorization ?? '')?.[1]

/** Client ids and secrets of ours need no coding (RFC 6749 section 2.3.1); any other value is left to oidc-provider. */
const basicForm = /^Basic ([A-Za-z0-9+/]{4,400}={0,2})$/i
const credentialsForm = /^([\w.~-]+):([\w.~-]+)$/

export interface Credentials {
  id: string
  secret: string
}

/** Client authentication by `client_secret_basic` (RFC 6749 section 2.3.1). Undefined for any other value. */
export function credentialsOf({ headers }: IncomingMessage): Credentials | undefined {
  const [, coded] = basicForm.exec(headers.authorization ?? '') ?? []
  if (coded === undefined || coded.length % 4 !== 0) return undefined
  const [, id, secret] = credentialsForm.exec(Buffer.from(coded, 'base64').toString('latin1')) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** Parameters of other ways to authenticate (RFC 6749 section 2.3.1, RFC 7521 section 4.2). */
const otherWays = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'] as const

export const isOtherwiseAuthenticated = (fields: ParsedUrlQuery): boolean => otherWays.some((name) => fields[name])

const formType = /^application\/x-www-form-urlencoded(?:; ?charset=utf-8)?$/i
const mostBytes = 8192

/**
 * Reads a small form, without ending the stream: `putBack` gives its bytes to the next reader. Undefined for a request that is not one,
 * or is not there at once; nothing is taken then.
 */
export async function peekForm(
  request: IncomingMessage,
): Promise<{ fields: ParsedUrlQuery; putBack(): void } | undefined> {
  const length = Number(request.headers['content-length'])
  if (!(length > 0 && length <= mostBytes) || !formType.test(request.headers['content-type'] ?? '')) return undefined
  if (request.headers['content-encoding'] !== undefined) return undefined
  // exactly the whole body: a longer read would end the stream
  let bytes = request.read(length) as Buffer | null
  if (bytes === null) {
    await once(request, 'readable')
    bytes = request.read(length) as Buffer | null
  }
  if (bytes === null) return undefined
  const body = bytes
  return { fields: parse(body.toString()), putBack: () => request.unshift(body) }
}
