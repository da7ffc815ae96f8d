import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { acrAsAsked } from '../../assurance/levels.ts'
import { acrValuesOf } from '../prompts.ts'

/** A portal reads the level under the name that it asked for (config/levels.json `aliases`). Codes and tokens carry this name. */
export function nameLevelsAsAsked(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'acr', {
    get(this: KoaContextWithOIDC['oidc']) {
      return acrAsAsked(this.session?.acr, acrValuesOf(this.params ?? {}))
    },
  })
}
