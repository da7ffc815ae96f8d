import { isByQr } from '../assurance/levels.ts'
import { ownClientDefaults, type Client } from '../clients/client.ts'

/** The scope of the admin API. No portal can be registered for it. */
export const adminScope = 'admin'

export const commandLineId = 'yideng-cli'

/**
 * The administrators' command line, a public client of this server. It signs in by device flow (RFC 8628).
 * Its tokens are bound to a key (DPoP, RFC 9449). It is in no table, so no administrator can change it.
 */
export const commandLineClient: Client = {
  ...ownClientDefaults,
  id: commandLineId,
  name: '一登管理命令行',
  names: { 'zh-Hant': '一登管理命令列', en: 'the Yideng command line' },
  type: 'native',
  redirect_uris: [],
  scope: ['openid', adminScope, 'offline_access'],
  min_level: 3,
  subject_type: 'public',
  administers: true,
}

/** Whether the person signed in by passkey, with PIN or biometrics (RFC 8176 `user`, `hwk`, `swk`). */
export const byPasskey = (amr: readonly string[] = []) =>
  amr.includes('user') && (amr.includes('hwk') || amr.includes('swk')) && !isByQr(amr)
