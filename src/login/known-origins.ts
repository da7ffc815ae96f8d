import type { AuthenticatorsDeps } from '../accounts/authenticators.ts'
import type { Channel } from '../channels/channels.ts'
import type { Settings } from '../config/settings.ts'
import { listedCas } from './methods/certificate/listed-cas.ts'

/**
 * The vendors and CAs whose authenticators sign in here, by login method. A file of CAs that cannot be used has none: no other way is
 * then removed as if one were left. Neither has a channel of some portals alone: it does not open the account centre.
 */
export const knownOrigins = (
  settings: Pick<Settings, 'methods' | 'sm2Keys'>,
  channels: readonly Pick<Channel, 'namespace' | 'clients'>[],
): AuthenticatorsDeps['origins'] => ({
  channel: () => channels.filter(({ clients }) => clients === 'all').map(({ namespace }) => namespace),
  certificate: () => listedCas(settings) ?? [],
})
