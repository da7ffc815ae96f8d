import type { IncomingMessage } from 'node:http'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Client } from '../clients/clients.ts'
import { tifProfileOf } from '../config/legacy-protocols.ts'

/** Requests that an endpoint of a legacy protocol has turned into authorization requests. */
const begun = new WeakSet<IncomingMessage>()

/** Marks a request. Only code of this process can do that: no parameter of a request takes part. */
export const markLegacyRequest = (req: IncomingMessage): void => void begun.add(req)

/** Sign-out names every portal of a session. A running login was begun by a marked request. */
const alwaysOpen: ReadonlySet<string> = new Set(['resume', 'end_session', 'end_session_confirm', 'end_session_success'])

/**
 * Whether this request may use this client. An old portal gets nothing at the OpenID Connect endpoints: there its id is
 * an unknown one (DESIGN 1.8). A route that is not listed stays closed.
 */
export function isOpenTo({ req, oidc }: KoaContextWithOIDC, { legacy }: Pick<Client, 'legacy'>): boolean {
  if (legacy === undefined || alwaysOpen.has(oidc.route)) return true
  return oidc.route === 'authorization' && begun.has(req)
}

/** Seconds that the code of an old portal counts: 60 for tif, 30 for a CAS ticket. */
export const legacyCodeSeconds = (legacy: string): number => (tifProfileOf(legacy) ? 60 : 30)

/** The answer to a portal: its address, and the parameters for it. */
export interface PortalAnswer {
  uri: string
  fields: Readonly<Record<string, string>>
}

/** Writes the answer of oidc-provider in the words of a legacy protocol. */
export type LegacyAnswer = (legacy: string, answer: PortalAnswer) => PortalAnswer
