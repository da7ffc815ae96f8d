import { errors, Provider, type KoaContextWithOIDC } from 'oidc-provider'
import type { Clock } from '../config/clock.ts'
import { visitOf } from '../pages/visit.ts'
import { createWindow } from '../storage/limits.ts'

/** What a portal is told that has to wait (RFC 6585 section 4). */
export class TooManyCalls extends errors.OIDCProviderError {
  constructor(ctx: KoaContextWithOIDC, seconds: number, description: string) {
    super(429, 'temporarily_unavailable')
    this.error_description = description
    ctx.set('retry-after', String(seconds))
  }
}

/**
 * A portal that runs wild at the token endpoint is held back, and nobody else. Only calls that proved who they are count, so
 * that a stranger cannot use up a portal's budget by naming it; who has nothing to prove it with is counted by network.
 */
export function budgetPortals(provider: Provider, callsPerMinute: number, clock: Clock): void {
  const minute = createWindow({ most: callsPerMinute, seconds: 60, clock })
  const keysOf = (ctx: KoaContextWithOIDC, client: { clientId: string; clientAuthMethod?: string | undefined }) =>
    client.clientAuthMethod === 'none'
      ? visitOf(ctx).networks.map(({ key, factor }) => ({ key: `${client.clientId} ${key}`, factor }))
      : [{ key: client.clientId, factor: 1 }]
  const count = (ctx: KoaContextWithOIDC) => {
    if (ctx.oidc.client) minute.count(keysOf(ctx, ctx.oidc.client))
  }
  provider.on('grant.success', count)
  provider.on('grant.error', (ctx, error) => {
    if (error.message !== 'invalid_client' && !(error instanceof TooManyCalls)) count(ctx)
  })

  const find = provider.Client.find.bind(provider.Client)
  provider.Client.find = async (id) => {
    const client = await find(id)
    const ctx = Provider.ctx
    if (!client || ctx?.oidc.route !== 'token') return client
    const wait = minute.wait(keysOf(ctx, client))
    if (wait === 0) return client
    throw new TooManyCalls(ctx, wait, 'this client has used up its calls of this minute')
  }
}
