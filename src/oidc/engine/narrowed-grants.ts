import { Provider } from 'oidc-provider'
import { registeredFor, registeredScopes, type Registered } from '../registered.ts'

interface GrantPrototype {
  getOIDCScope(): string
  getOIDCClaims(): string[]
}

const nothing = registeredScopes([])

/** The registration of the client that sent this request. */
function registrationNow(): Registered {
  const client = Provider.ctx?.oidc.client
  return client ? registeredFor(client) : nothing
}

/**
 * A grant gives only what its client is registered for at this moment. No request can ask for more either.
 * Codes, refreshes, ID tokens and userinfo read both through these getters, so a narrower registration applies at once.
 */
export function keepToRegistration(provider: Provider): void {
  const grant = provider.Grant.prototype as unknown as GrantPrototype
  const { getOIDCScope, getOIDCClaims } = grant
  grant.getOIDCScope = function scope() {
    return registrationNow().scope(getOIDCScope.call(this))
  }
  grant.getOIDCClaims = function claims() {
    return registrationNow().claims(getOIDCClaims.call(this))
  }
  const context = provider.OIDCContext.prototype as object
  narrow(context, 'requestParamOIDCScopes', (registered, wanted) => registered.scopes(wanted))
  narrow(context, 'requestParamClaims', (registered, wanted) => registered.claims(wanted))
}

function narrow(prototype: object, name: string, to: (registered: Registered, wanted: string[]) => string[]): void {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get
  if (!get) throw new Error(`oidc-provider has no ${name}`)
  Object.defineProperty(prototype, name, {
    get(this: object) {
      const asked = get.call(this) as Set<string>
      if (asked.size === 0) return asked
      const all = [...asked]
      const allowed = to(registrationNow(), all)
      return allowed === all ? asked : new Set(allowed)
    },
  })
}
