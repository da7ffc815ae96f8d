/** The `service` of a CAS request: the address of a portal (CAS Protocol 3.0.3 section 2.1.1). */

const longest = 2000

/** Printable ASCII without quotes, angle brackets, `#` and `\`: what every reader of addresses reads alike (RFC 3986). */
const wireForm = /^[\u0021\u0024-\u003b\u003d\u003f-\u005b\u005d-\u007e]+$/

/** Java's servlet containers write the id of a session into the path. In a link of a stranger it would fixate a session. */
const sessionInPath = /;jsessionid=[\w.!-]*$/

/** The address up to its query. */
const upToQuery = (address: string): string => address.split('?', 1)[0] ?? ''

/** Names of a query in small letters, also where a portal takes `;` for `&` (HTML 4.01, appendix B.2.2). */
const namesIn = (query: string) =>
  [...new URLSearchParams(query.replaceAll(';', '&')).keys()].map((name) => name.trim().toLowerCase())

/**
 * The service as it is compared and answered: without a session id in its path.
 * @returns undefined for an address that readers may read differently, or that brings a ticket of its own
 */
export function readService(text: string): string | undefined {
  if (text.length > longest || !wireForm.test(text)) return undefined
  const base = upToQuery(text)
  const query = text.slice(base.length)
  // the portal would take the first ticket, and a stranger would sign a person in to the stranger's account
  if (namesIn(query).includes('ticket')) return undefined
  return base.replace(sessionInPath, '') + query
}

/** The registered address of a service: the same origin and path as text, never a prefix; any query. */
export const addressOfService = (service: string, registered: readonly string[]): string | undefined =>
  registered.find((address) => upToQuery(address) === upToQuery(service))

/** The service with its ticket (section 2.2.4). The bytes of its query stay as they are. */
export function withTicket(service: string, ticket: string): string {
  const joint = !service.includes('?') ? '?' : /[?&]$/.test(service) ? '' : '&'
  return `${service}${joint}ticket=${ticket}`
}
