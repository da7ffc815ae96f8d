declare module 'oidc-provider/lib/helpers/initialize_keystore.js' {
  import type { Configuration, Provider } from 'oidc-provider'

  /** What the constructor of Provider does with its `jwks`. */
  export default function initialize(this: Provider, jwks: NonNullable<Configuration['jwks']>): void
}

declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  import type { Provider } from 'oidc-provider'

  /** What a provider keeps of itself; another object stands for `jwks` whenever the keys have changed. */
  export default function instance(provider: Provider): { readonly jwks: object }
}
