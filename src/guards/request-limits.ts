import { errors, type KoaContextWithOIDC } from 'oidc-provider'

/** Longest parameter of an authorization request, in bytes of UTF-8. */
export const longestParameter = 2048
/** Longest sum of all parameter values, without names. */
export const longestRequest = 4096

/**
 * Limits the size of authorization requests, because each is stored, pushed or not (RFC 9126 section 7.1). Our own
 * clients may not push requests: they have no secret.
 * @throws errors.InvalidRequest, errors.UnauthorizedClient
 */
export function limitRequest(ctx: KoaContextWithOIDC, ownClients: ReadonlySet<string>): void {
  const { oidc } = ctx
  const { client } = oidc
  if (oidc.route === 'pushed_authorization_request' && client && ownClients.has(client.clientId))
    throw new errors.UnauthorizedClient('this client does not push requests')
  // decoded parameters are not longer than the URL
  if (ctx.method === 'GET' && ctx.url.length <= longestParameter) return
  let sum = 0
  for (const [name, value] of Object.entries(oidc.params ?? {})) {
    // these refer to a request that was measured when it was pushed
    if (value === undefined || name === 'request' || name === 'request_uri') continue
    const bytes = Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value))
    if (bytes > longestParameter) throw new errors.InvalidRequest(`${name} is longer than ${longestParameter} bytes`)
    sum += bytes
  }
  if (sum > longestRequest) throw new errors.InvalidRequest(`the parameters are longer than ${longestRequest} bytes`)
}
