import { randomUUID } from 'node:crypto'
import type { OldPerson, OldProtocol } from './portal.ts'

interface TokenInfo {
  userobj?: { uid?: string; cn?: string; creditable_level_of_account?: string }
}

/** The earlier OAuth2 of Guangdong. Register with --legacy tif --redirect-uri REDIRECT-URI --network CIDR. */
export function tifProtocol(options: {
  /** The address before `/authorize`. */
  base: string
  clientId: string
  clientSecret: string
  redirectUri: string
}): OldProtocol {
  const { base, clientId, clientSecret, redirectUri } = options
  const common = { client_id: clientId, scope: 'all', redirect_uri: redirectUri }
  const address = (path: string, query: Record<string, string>) =>
    `${base}/${path}?${new URLSearchParams(query).toString()}`
  async function ask<T>(path: string, query: Record<string, string>): Promise<Partial<T>> {
    const answer = await fetch(address(path, query))
    return answer.ok ? ((await answer.json()) as Partial<T>) : {}
  }
  return {
    login: address('authorize', { service: 'initService', response_type: 'code', ...common }),
    async personOf(answer): Promise<OldPerson | undefined> {
      const code = answer.searchParams.get('code')
      if (code === null) return undefined
      const grant = { ...common, client_secret: clientSecret, grant_type: 'authorization_code', code }
      const { access_token: token } = await ask<{ access_token: string }>('access_token', grant)
      if (token === undefined) return undefined
      const { userobj = {} } = await ask<TokenInfo>('tokeninfo', { access_token: token })
      const { uid, cn = '', creditable_level_of_account: level = '' } = userobj
      return uid ? { name: cn || uid, level, session: randomUUID() } : undefined
    },
  }
}
