import type { Client, Provider } from 'oidc-provider'

interface Saved {
  save(ttl?: number): Promise<string>
}

interface IssuedToken {
  ctx?: { oidc: { entities: { AccessToken?: object } } }
  set(claim: string, value: string): void
  issue(options: { use: string }): Promise<string>
}

/**
 * `at_hash` binds an ID token to the access token beside it (OpenID Connect Core 3.1.3.6). oidc-provider writes it in the
 * hybrid flow only. It hashes the value itself, by the algorithm of the ID token.
 */
export function hashAccessTokens(provider: Provider): void {
  const values = new WeakMap<object, string>()
  const accessToken = provider.AccessToken.prototype as unknown as Saved
  const { save } = accessToken
  accessToken.save = async function saved(this: Saved, ttl) {
    const value = await save.call(this, ttl)
    values.set(this, value)
    return value
  }
  const idToken = provider.IdToken.prototype as unknown as IssuedToken
  const { issue } = idToken
  idToken.issue = function issued(this: IssuedToken, options) {
    const beside = this.ctx?.oidc.entities.AccessToken
    const value = beside && values.get(beside)
    if (options.use === 'idtoken' && value !== undefined) this.set('at_hash', value)
    return issue.call(this, options)
  }
}

/** `sid` is in every ID token: oidc-provider gives it only to portals with a back-channel address. */
export function alwaysNameSessions(provider: Provider): void {
  const prototype = provider.Client.prototype as unknown as Client & { includeSid(): boolean }
  prototype.includeSid = () => true
}
