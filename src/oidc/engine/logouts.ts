import type { Client as OidcClient, Provider } from 'oidc-provider'
import type { Deliver, LogoutNotice } from '../../sessions/logout-notice.ts'

interface ClientPrototype {
  backchannelLogout(this: OidcClient, personId: string, sessionId: string): Promise<void>
}

/**
 * oidc-provider notifies portals during the sign-out request and does not retry.
 * Here `send` stores each notice, and a job delivers it (OpenID Connect Back-Channel Logout 1.0).
 * @returns the delivery of one notice; it throws when the portal cannot be reached
 */
export function queueLogouts(provider: Provider, send: (notice: LogoutNotice) => Promise<void>): Deliver {
  const prototype = provider.Client.prototype as unknown as ClientPrototype
  const deliverNow = prototype.backchannelLogout
  prototype.backchannelLogout = function backchannelLogout(personId, sessionId) {
    return send({ clientId: this.clientId, personId, sessionId })
  }
  return async ({ clientId, personId, sessionId }) => {
    const client = await provider.Client.find(clientId)
    if (!client?.backchannelLogoutUri) return
    await deliverNow.call(client, personId, sessionId)
  }
}
