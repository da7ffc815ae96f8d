declare module 'oidc-provider/lib/helpers/initialize_keystore.js' {
  import type { Configuration, Provider } from 'oidc-provider'

  /** What the constructor of Provider does with its `jwks`. */
  export default function initialize(this: Provider, jwks: NonNullable<Configuration['jwks']>): void
}
