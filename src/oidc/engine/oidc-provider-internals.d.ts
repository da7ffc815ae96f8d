declare module 'oidc-provider/lib/helpers/_/snake_case.js' {
  /** `access_token` of `AccessToken`. */
  export default function snakeCase(text: string): string
}

declare module 'oidc-provider/lib/helpers/als.js' {
  import type { AsyncLocalStorage } from 'node:async_hooks'
  import type { KoaContextWithOIDC } from 'oidc-provider'

  /** The request of all code that runs within it; `Provider.ctx` reads it. */
  const storage: AsyncLocalStorage<KoaContextWithOIDC>
  export default storage
}

declare module 'oidc-provider/lib/helpers/epoch_time.js' {
  /** Seconds since 1970 UTC, as oidc-provider reads the clock. */
  export default function epochTime(): number
}

declare module 'oidc-provider/lib/helpers/initialize_keystore.js' {
  import type { Configuration, Provider } from 'oidc-provider'

  /** The constructor of Provider calls it with its `jwks`. */
  export default function initialize(this: Provider, jwks: NonNullable<Configuration['jwks']>): void
}

declare module 'oidc-provider/lib/helpers/jwt.js' {
  /** @throws Error for claims of another issuer, audience or form */
  export function assertPayload(
    payload: object,
    expected: { issuer?: string; audience?: string; subject?: boolean; ignoreExpiration?: boolean },
  ): void
}

declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  import type { Context } from 'koa'
  import type { ExternalSigningKey, KoaContextWithOIDC, Provider } from 'oidc-provider'

  interface KeyStore {
    /** `kid` is that of the resource server's configuration. */
    selectForSign(wanted: { alg: string; use?: string; kid?: string }): (object | ExternalSigningKey)[]
  }

  interface Internals {
    /** The published key set. A new object after each change of the keys. */
    readonly jwks: object
    /** A new one after each change of the keys. */
    readonly keystore: KeyStore
    readonly configuration: {
      /** What portals may register, and what the metadata names. Each change of the keys makes it again. */
      idTokenSigningAlgValues: string[]
    }
    /** The base class of all its models. */
    readonly BaseModel: object
    /** The handler of each grant, and the names of its parameters. */
    readonly grantTypeHandlers: Map<string, (ctx: KoaContextWithOIDC) => Promise<void>>
    readonly grantTypeParams: Map<string, Set<string>>
    /** How an answer reaches a portal, by `response_mode`. */
    readonly responseModes: Map<string, (ctx: Context, redirectUri: string, answer: object) => void>
  }

  /** The private state of a provider. */
  export default function instance(provider: Provider): Internals
}

declare module 'oidc-provider/lib/shared/error_handler.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'

  /** Answers an error of `next` as an endpoint of programs does, and emits this event of the provider. */
  export default function errorHandler(
    event: string,
  ): (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>
}

declare module 'oidc-provider/lib/helpers/re_render_errors.js' {
  /** The device flow has a page for it. No other handler of oidc-provider acts on it. */
  export class AlreadyUsedError extends Error {}
}

declare module 'oidc-provider/lib/helpers/revoke.js' {
  import type { KoaContextWithOIDC } from 'oidc-provider'

  /** Ends a grant with all its codes and tokens, and emits `grant.revoked`. */
  export default function revoke(ctx: KoaContextWithOIDC, grantId: string | undefined): Promise<void>
}

declare module 'oidc-provider/lib/helpers/router.js' {
  /** Registers the routes. A test compares them with our table of endpoints. */
  export default class Router {
    get(name: string, path: string): unknown
    post(name: string, path: string): unknown
    put(name: string, path: string): unknown
    delete(name: string, path: string): unknown
    options(name: string, path: string): unknown
  }
}
