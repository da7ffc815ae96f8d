import { Provider, type AdapterPayload } from 'oidc-provider'
import { hashId } from '../../storage/hash-id.ts'

const held = 'held:'
const devicePages = new Set(['code_verification', 'device_resume'])

/**
 * The id of an artifact in the store. Tokens, codes and session cookies are stored under their hash.
 * So a reader of the store cannot use them.
 */
export function storedIdOf(id: string): string {
  return heldDeviceCode(id) ?? hashId(id)
}

/**
 * The user code finds a device code (RFC 8628 section 3.3), but the device code itself stays secret.
 * This id names it to oidc-provider instead.
 */
export const heldId = (storedId: string | undefined) => `${held}${storedId}`

/** Only the pages of the device flow may use a held id. The token endpoint needs the device code. */
function heldDeviceCode(id: string): string | undefined {
  if (!id.startsWith(held)) return undefined
  const route = (Provider.ctx as { oidc?: { route?: string } } | undefined)?.oidc?.route ?? ''
  return devicePages.has(route) ? id.slice(held.length) : undefined
}

/** Removes the values that let a reader of the store act as the person: the id itself and the session cookie. */
export function withoutSecrets({ jti, ...rest }: AdapterPayload): AdapterPayload {
  // the id of a grant opens nothing, and its tokens are found by it
  const payload: AdapterPayload = rest.kind === 'Grant' ? { ...rest, grantId: jti } : rest
  // the return address of a running login ends with its id
  const { returnTo } = payload
  if (jti && typeof returnTo === 'string' && returnTo.endsWith(jti)) payload.returnTo = returnTo.slice(0, -jti.length)
  const session = payload['session'] as { cookie?: string } | undefined
  if (!session?.cookie) return payload
  const { cookie: _cookie, ...withoutCookie } = session
  return { ...payload, session: withoutCookie }
}

/** The reverse of `withoutSecrets`, for a request that knows the id. */
export function withId(id: string, text: string): AdapterPayload {
  const payload = JSON.parse(text) as AdapterPayload
  payload.jti = id
  if (typeof payload.returnTo === 'string' && payload.returnTo.endsWith('/')) payload.returnTo += id
  return payload
}
