import type { Client as OidcClient, Provider } from 'oidc-provider'
import { registrationOf } from '../client-registrations.ts'
import type { Deliver, LogoutNotice } from '../../sessions/logout-notice.ts'

interface ClientPrototype {
  backchannelLogout(this: OidcClient, personId: string, sessionId: string): Promise<void>
}

/**
 * oidc-provider notifies portals during the sign-out request and does not retry.
 * Here `send` stores each notice, and a job delivers it (OpenID Connect Back-Channel Logout 1.0).
 * `toCas` delivers to portals of CAS, in the words of their protocol.
 * @returns the delivery of one notice; it throws when the portal cannot be reached
 */
export function queueLogouts(
  provider: Provider,
  { send, toCas }: { send(notice: LogoutNotice): Promise<void>; toCas: Deliver },
): Deliver {
  const prototype = provider.Client.prototype as unknown as ClientPrototype
  const deliverNow = prototype.backchannelLogout
  prototype.backchannelLogout = function backchannelLogout(personId, sessionId) {
    return send({ clientId: this.clientId, personId, sessionId })
  }
  return async (notice) => {
    const { clientId, personId, sessionId } = notice
    const client = await provider.Client.find(clientId)
    if (!client?.backchannelLogoutUri) return
    if (registrationOf(client).legacy === 'cas') return toCas(notice)
    await deliverNow.call(client, personId, sessionId)
  }
}
