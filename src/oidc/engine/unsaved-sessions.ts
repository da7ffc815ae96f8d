import type { KoaContextWithOIDC } from 'oidc-provider'

/**
 * A form without a session cookie gets a new session that was never stored. oidc-provider marks it as used, and then fails to save it.
 * Without this mark it is not saved.
 */
export function leaveUnsaved(session: KoaContextWithOIDC['oidc']['session']): void {
  Object.assign(session ?? {}, { touched: false })
}
