import { isByQr } from '../assurance/levels.ts'
import { ownOfTheHouse, type Client } from '../clients/clients.ts'

/** What an access token for the admin API has to have. No portal is ever registered for it. */
export const adminScope = 'admin'

export const commandLineId = 'yideng-cli'

/**
 * The administrators' command line as a client of our own: a public one that signs in by device flow (RFC 8628) and binds
 * its tokens to a key (DPoP, RFC 9449). It stands in no table, so nobody can change it.
 */
export const commandLineClient: Client = {
  ...ownOfTheHouse,
  id: commandLineId,
  name: '一登管理命令行',
  names: { en: 'the Yideng command line' },
  type: 'native',
  redirect_uris: [],
  scope: ['openid', adminScope, 'offline_access'],
  min_level: 3,
  subject_type: 'public',
  administers: true,
}

/** Whether a passkey signed in, with its PIN or biometrics (RFC 8176 `user`, `hwk`, `swk`). */
export const byPasskey = (amr: readonly string[] = []) =>
  amr.includes('user') && (amr.includes('hwk') || amr.includes('swk')) && !isByQr(amr)
