import { isIP } from 'node:net'

/** The relying party of every passkey (WebAuthn Level 3, 5.1.2): exactly the issuer, no domain above or beside it. */
export interface RelyingParty {
  /** The issuer's host name. */
  id: string
  origin: string
}

export function relyingParty(issuer: string): RelyingParty {
  const { hostname, origin } = new URL(issuer)
  return { id: hostname, origin }
}

/** Browsers make passkeys only for host names over https, and for localhost. */
export function canHavePasskeys(issuer: string): boolean {
  const { hostname, protocol } = new URL(issuer)
  const named = !hostname.startsWith('[') && isIP(hostname) === 0
  return named && (protocol === 'https:' || hostname === 'localhost')
}

/** Whether the ceremony ran in a frame of another site: these pages are never framed (WebAuthn Level 3, 5.8.1). */
export function wasFramed(clientDataJSON: string): boolean {
  const { crossOrigin } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString()) as { crossOrigin?: unknown }
  return crossOrigin === true
}
