import { casBase } from '../../config/legacy-protocols.ts'
import type { PortalAnswer } from '../../oidc/legacy-requests.ts'
import { addressOfService, withTicket } from './service.ts'

/** A page of ours for a person who did not agree. The portal would only begin again. */
export const declinedPath = `${casBase}/declined`

/** Errors of OpenID Connect Core section 3.1.2.6: without a question there is no answer. CAS has a ticket or nothing. */
const silent: ReadonlySet<string> = new Set([
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
])

/**
 * A code has `-` and `_`; a ticket has letters, digits and `-` alone (CAS Protocol 3.0.3 section 3.7).
 * @internal
 */
export const ticketOf = (code: string): string =>
  `ST-${code.replaceAll(/[-_]/g, (sign) => (sign === '-' ? '-0' : '-1'))}`

/** The code behind a ticket; undefined for a text that is no ticket of ours. */
export function codeOf(ticket: string): string | undefined {
  const [, written] = /^ST-((?:[A-Za-z0-9]|-[01]){20,120})$/.exec(ticket) ?? []
  return written?.replaceAll(/-[01]/g, (pair) => (pair === '-0' ? '-' : '_'))
}

/**
 * The answer to a login: the service with its ticket (CAS Protocol 3.0.3 section 2.2.4), or without one (`gateway`, section 2.1.1).
 * The service came as the state of our own request, and `iss` is our issuer (RFC 9207).
 */
export function casAnswer({ uri, fields }: PortalAnswer): PortalAnswer {
  const { state = uri, code, error, iss = '' } = fields
  const service = addressOfService(state, [uri]) === undefined ? uri : state
  if (code !== undefined) return { uri: withTicket(service, ticketOf(code)), fields: {} }
  return { uri: error !== undefined && silent.has(error) ? service : iss + declinedPath, fields: {} }
}
