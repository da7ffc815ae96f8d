import type { Client } from '../../../clients/clients.ts'
import { miniProgram, mobile, spa } from './apps.ts'
import { apache, nginx, oauth2Proxy } from './gateways.ts'
import { go, zitadel } from './go.ts'
import { nimbus, spring, springApi } from './java.ts'
import type { Library } from './library.ts'
import { allauth, authlib, django, fastapi } from './python.ts'
import { node, php, rust } from './servers.ts'

/** What `client create --for` knows. */
export const libraries = {
  spring,
  'spring-api': springApi,
  nimbus,
  authlib,
  fastapi,
  django,
  allauth,
  go,
  zitadel,
  'oauth2-proxy': oauth2Proxy,
  apache,
  nginx,
  php,
  node,
  rust,
  spa,
  mobile,
  'mini-program': miniProgram,
} as const satisfies Record<string, Library>

export type LibraryName = keyof typeof libraries

export const libraryNames = Object.keys(libraries) as LibraryName[]

export function libraryOf(name: unknown): Library | undefined {
  const known = libraryNames.find((one) => one === name)
  return known && libraries[known]
}

/** The configuration of a library for a new portal. */
export function configurationFor(library: Library, issuer: string, client: Client, secret: string | undefined): string {
  return library.configuration({
    issuer,
    clientId: client.id,
    secret: secret ?? '',
    redirectUri: client.redirect_uris[0] ?? '',
    afterLogout: client.post_logout_redirect_uris[0],
    scope: client.scope,
    alg: client.id_token_alg,
    authMethod: client.auth_method,
    api: client.resources[0] ?? 'https://api.example.gov.cn/',
  })
}
