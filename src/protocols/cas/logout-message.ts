import { escapeXml } from './answers.ts'

/**
 * The message by which a portal learns that the session of a ticket ended (CAS Protocol 3.0.3 section 2.3.3).
 * @param now milliseconds since 1970 UTC
 */
export const logoutMessage = ({ id, ticket, now }: { id: string; ticket: string; now: number }): string =>
  `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${escapeXml(id)}" Version="2.0" IssueInstant="${withoutMilliseconds(now)}"><saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">@NOT_USED@</saml:NameID><samlp:SessionIndex>${escapeXml(ticket)}</samlp:SessionIndex></samlp:LogoutRequest>`

const withoutMilliseconds = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
