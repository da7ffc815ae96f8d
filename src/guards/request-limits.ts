import { errors, type KoaContextWithOIDC } from 'oidc-provider'

/** Of one parameter of an authorization request, in bytes of UTF-8. */
export const longestParameter = 2048
/** Of all of them together, names not counted. */
export const longestRequest = 4096

/**
 * Caps on what an authorization request, pushed or not, makes us store (RFC 9126 section 7.1), and no pushed requests of our
 * own clients: they have no secret, and never push.
 * @throws errors.InvalidRequest, errors.UnauthorizedClient
 */
export function limitRequest(ctx: KoaContextWithOIDC, ownClients: ReadonlySet<string>): void {
  const { oidc } = ctx
  const { client } = oidc
  if (oidc.route === 'pushed_authorization_request' && client && ownClients.has(client.clientId))
    throw new errors.UnauthorizedClient('this client does not push requests')
  // decoded, parameters are no longer than the address they came in
  if (ctx.method === 'GET' && ctx.url.length <= longestParameter) return
  let sum = 0
  for (const [name, value] of Object.entries(oidc.params ?? {})) {
    // what a pushed request is taken from, which was measured when it was pushed
    if (value === undefined || name === 'request' || name === 'request_uri') continue
    const bytes = Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value))
    if (bytes > longestParameter) throw new errors.InvalidRequest(`${name} is longer than ${longestParameter} bytes`)
    sum += bytes
  }
  if (sum > longestRequest) throw new errors.InvalidRequest(`the parameters are longer than ${longestRequest} bytes`)
}
