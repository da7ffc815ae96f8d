import type { SignDocument } from '../keys/document-signatures.ts'
import type { Entry } from './chain.ts'

/** The entry as a security event token (RFC 8417), a signed JWT. Pass `restricted` only for a reader who may see it. */
export function securityEventToken(
  sign: SignDocument,
  options: { entry: Entry; restricted?: unknown; issuer: string; audience?: string | undefined; now: number },
): Promise<string> {
  const { entry, restricted, issuer, audience, now } = options
  return sign('secevent+jwt', {
    iss: issuer,
    iat: Math.floor(now / 1000),
    jti: entry.hash,
    ...(audience === undefined ? {} : { aud: audience }),
    ...(entry.person_id === null ? {} : { sub_id: { format: 'opaque', id: entry.person_id } }),
    toe: Math.floor(entry.at / 1000),
    events: {
      [`urn:yideng:event:${entry.event}`]: {
        sequence: entry.sequence,
        actor: entry.actor,
        ...(entry.client_id === null ? {} : { client_id: entry.client_id }),
        details: JSON.parse(entry.details) as unknown,
        ...(restricted === undefined ? {} : { restricted }),
      },
    },
  })
}
