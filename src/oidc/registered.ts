import {
  Provider,
  type AccessToken,
  type Client as OidcClient,
  type ClientCredentials,
  type RefreshToken,
} from 'oidc-provider'
import type { Granted } from '../accounts/consents.ts'
import type { Client } from '../clients/clients.ts'
import { knownScopes } from '../clients/metadata.ts'
import { alwaysGiven, scopeClaims } from './claim-table.ts'
import { adminScope } from './command-line-client.ts'

/** What a client may have by the scopes it is registered for; the one table is `scopeClaims`. */
export interface Registered {
  scopes(wanted: string[]): string[]
  /** The same for scopes as they are written, apart by spaces. */
  scope(wanted: string): string
  claims(wanted: string[]): string[]
  /** True for a claim of the table that is beyond the registration; false for one that nobody knows. */
  mayNot(claim: string): boolean
}

const allClaims: ReadonlySet<string> = new Set(Object.values(scopeClaims).flat())
const ours: ReadonlySet<string> = new Set([...knownScopes, adminScope])
const known = new WeakMap<object, Registered>()
/** Portals ask for the same scopes again and again. */
const mostTexts = 64

/** Computed once for each registration: `scope` is as OpenID Connect Dynamic Client Registration 1.0 has it. */
export function registeredFor(client: { scope?: string | undefined }): Registered {
  let found = known.get(client)
  if (!found) {
    found = within(client.scope?.split(' ') ?? [])
    known.set(client, found)
  }
  return found
}

function within(registered: readonly string[]): Registered {
  const claims = new Set([...alwaysGiven, ...registered.flatMap((scope) => scopeClaims[scope] ?? [])])
  const mayNot = (claim: string) => allClaims.has(claim) && !claims.has(claim)
  // scopes of APIs are not in the registration: which APIs a client may reach is `resources`
  const may = (scope: string) => registered.includes(scope) || !ours.has(scope)
  const scopes = (wanted: string[]) => (wanted.every(may) ? wanted : wanted.filter(may))
  const texts = new Map<string, string>()
  return {
    scopes,
    scope(wanted) {
      const seen = texts.get(wanted)
      if (seen !== undefined) return seen
      const kept = scopes(wanted.split(' ')).join(' ')
      if (texts.size < mostTexts) texts.set(wanted, kept)
      return kept
    },
    claims: (wanted) => (wanted.some(mayNot) ? wanted.filter((claim) => !mayNot(claim)) : wanted),
    mayNot,
  }
}

/** What remains of a consent, or of a question about one, by what the portal is registered for now. */
export function withinRegistration({ scopes, claims, resources }: Granted, client: Client): Granted {
  const registered = within(client.scope)
  const apis = Object.entries(resources).filter(([resource]) => client.resources.includes(resource))
  return {
    scopes: registered.scopes(scopes),
    claims: registered.claims(claims),
    resources: Object.fromEntries(apis),
  }
}

type AskedToken = AccessToken | ClientCredentials | RefreshToken

interface GrantPrototype {
  getOIDCScope(): string
  getOIDCClaims(): string[]
}

/**
 * A grant never gives more than its client is registered for at that moment, and no request asks for more. Code, refresh, ID token
 * and userinfo read both through these getters of oidc-provider, so a narrowed registration counts at once.
 */
export function keepToRegistration(provider: Provider): void {
  const grant = provider.Grant.prototype as unknown as GrantPrototype
  const { getOIDCScope, getOIDCClaims } = grant
  grant.getOIDCScope = function scope() {
    return clientNow().scope(getOIDCScope.call(this))
  }
  grant.getOIDCClaims = function claims() {
    return clientNow().claims(getOIDCClaims.call(this))
  }
  const context = provider.OIDCContext.prototype as object
  narrow(context, 'requestParamOIDCScopes', (registered, wanted) => registered.scopes(wanted))
  narrow(context, 'requestParamClaims', (registered, wanted) => registered.claims(wanted))
}

const nothing = within([])

/** Of the client this request is for. */
function clientNow(): Registered {
  const client = Provider.ctx?.oidc.client
  return client ? registeredFor(client) : nothing
}

function narrow(prototype: object, name: string, to: (registered: Registered, wanted: string[]) => string[]): void {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get
  if (!get) throw new Error(`oidc-provider has no ${name}`)
  Object.defineProperty(prototype, name, {
    get(this: object) {
      const asked = get.call(this) as Set<string>
      if (asked.size === 0) return asked
      const all = [...asked]
      const kept = to(clientNow(), all)
      return kept === all ? asked : new Set(kept)
    },
  })
}

/**
 * For oidc-provider's introspection `allowedPolicy`: a client asks about its own tokens. It is called right before the answer is
 * made, and a token says no scope that its client is not registered for any more.
 */
export function introspectsOwn(_ctx: unknown, client: OidcClient, token: AskedToken): boolean {
  if (token.clientId !== client.clientId) return false
  if (token.scope !== undefined) token.scope = registeredFor(client).scope(token.scope)
  return true
}
