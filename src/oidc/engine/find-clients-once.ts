import { Provider, type Client as OidcClient, type KoaContextWithOIDC } from 'oidc-provider'
import type { Client } from '../../clients/clients.ts'
import { limitKeySet, type KeySetFailed } from './client-key-sets.ts'

export interface FindClientsDeps {
  findClient(id: string): Promise<Client | undefined>
  /** Called for each client that a request names. @throws TooManyCalls (RFC 6585 section 4) to refuse the request */
  admit(ctx: KoaContextWithOIDC, client: OidcClient): Promise<void>
  /** Whether a request may use this client (oidc/legacy-requests.ts). */
  isOpenTo(ctx: KoaContextWithOIDC, registered: Client): boolean
  /** Called when a key set could not be fetched. */
  keySetFailed: KeySetFailed
}

/**
 * oidc-provider hashes the whole metadata at each look-up and caches 100 clients; a province has more portals.
 * Here one registration gives one client, for as long as `findClient` returns the same object.
 * oidc-provider has no hook between client authentication and a handler, so `admit` is called here.
 */
export function findClientsOnce(provider: Provider, deps: FindClientsDeps): void {
  const { findClient, admit, isOpenTo, keySetFailed } = deps
  const models = new WeakMap<Client, Promise<OidcClient | undefined>>()
  const find = provider.Client.find.bind(provider.Client)

  function modelOf(registered: Client): Promise<OidcClient | undefined> {
    let model = models.get(registered)
    if (!model) {
      model = find(registered.id).then((client) => {
        if (client) limitKeySet(client, keySetFailed)
        return client
      })
      models.set(registered, model)
      // a failure is temporary: the next request tries again
      model.catch(() => models.delete(registered))
    }
    return model
  }

  provider.Client.find = async (id: unknown) => {
    // the audience of an unverified token can be any JSON value
    if (typeof id !== 'string') return undefined
    const registered = await findClient(id)
    const { ctx } = Provider
    if (registered && ctx && !isOpenTo(ctx, registered)) return undefined
    const client = registered && (await modelOf(registered))
    if (client && ctx) await admit(ctx, client)
    return client
  }
}
