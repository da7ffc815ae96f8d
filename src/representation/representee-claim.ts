import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Representation } from '../accounts/mandates/representations.ts'
import type { Clock } from '../config/clock.ts'

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000)

/** The claim `representee` (DESIGN 1.4): the principal and the mandates. The register was asked in this request. */
export type RepresenteeClaim = (ctx: KoaContextWithOIDC, acting: Representation | undefined) => object

/** @param subjectOf the `sub` by which this portal knows a natural person */
export function createRepresenteeClaim(
  subjectOf: (ctx: KoaContextWithOIDC, personId: string) => string,
  clock: Clock,
): RepresenteeClaim {
  return (ctx, acting) => {
    const granted = acting?.granted
    if (!acting || !granted) return { status: 'self' }
    const { id, kind, name, uscc } = acting.view
    return {
      status: 'acting',
      type: kind,
      // an organisation is public; each portal knows a relative by another `sub`
      sub: kind === 'legal_person' ? id : subjectOf(ctx, id),
      name,
      ...(uscc === undefined ? {} : { uscc }),
      relation: granted.relation,
      mandates: granted.mandates.map((mandate) => ({
        id: mandate.id,
        role: mandate.role,
        matters: [...mandate.matters],
        nbf: seconds(mandate.notBefore),
        exp: seconds(mandate.expiresAt),
      })),
      checked_at: seconds(clock()),
    }
  }
}
