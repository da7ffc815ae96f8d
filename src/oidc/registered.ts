import type { Granted } from '../accounts/consents.ts'
import type { Client } from '../clients/clients.ts'
import { knownScopes } from '../clients/metadata.ts'
import { alwaysGiven, scopeClaims } from './claim-table.ts'
import { adminScope } from './command-line-client.ts'

/** The part of a request that a registration allows. `scopeClaims` maps its scopes to claims. */
export interface Registered {
  scopes(wanted: string[]): string[]
  /** The same for a space-separated list. */
  scope(wanted: string): string
  claims(wanted: string[]): string[]
  /** True for a known claim that the registration does not include. False for an unknown claim. */
  mayNot(claim: string): boolean
}

const allClaims: ReadonlySet<string> = new Set(Object.values(scopeClaims).flat())
const ourScopes: ReadonlySet<string> = new Set([...knownScopes, adminScope])
const byClient = new WeakMap<object, Registered>()
/** Portals repeat the same scope texts. This bounds the cache of one client. */
const mostTexts = 64

/** Computed once per client. `scope` has the form of OpenID Connect Dynamic Client Registration 1.0. */
export function registeredFor(client: { scope?: string | undefined }): Registered {
  let found = byClient.get(client)
  if (!found) {
    found = registeredScopes(client.scope?.split(' ') ?? [])
    byClient.set(client, found)
  }
  return found
}

export function registeredScopes(registered: readonly string[]): Registered {
  const claims = new Set([...alwaysGiven, ...registered.flatMap((scope) => scopeClaims[scope] ?? [])])
  const mayNot = (claim: string) => allClaims.has(claim) && !claims.has(claim)
  // a registration lists no scopes of APIs: `resources` lists the APIs that a client may reach
  const may = (scope: string) => registered.includes(scope) || !ourScopes.has(scope)
  const scopes = (wanted: string[]) => (wanted.every(may) ? wanted : wanted.filter(may))
  const texts = new Map<string, string>()
  return {
    scopes,
    scope(wanted) {
      const seen = texts.get(wanted)
      if (seen !== undefined) return seen
      const allowed = scopes(wanted.split(' ')).join(' ')
      if (texts.size < mostTexts) texts.set(wanted, allowed)
      return allowed
    },
    claims: (wanted) => (wanted.some(mayNot) ? wanted.filter((claim) => !mayNot(claim)) : wanted),
    mayNot,
  }
}

/** The part of a consent, or of a consent question, that the current registration allows. */
export function withinRegistration({ scopes, claims, resources }: Granted, client: Client): Granted {
  const registered = registeredScopes(client.scope)
  const apis = Object.entries(resources).filter(([resource]) => client.resources.includes(resource))
  return {
    scopes: registered.scopes(scopes),
    claims: registered.claims(claims),
    resources: Object.fromEntries(apis),
  }
}
