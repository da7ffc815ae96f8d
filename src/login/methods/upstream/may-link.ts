import { isHeld, type NaturalPerson } from '../../../accounts/natural-persons.ts'
import { isByQr, limitedWay } from '../../../assurance/levels.ts'
import type { Attempt } from '../../attempt.ts'
import { restsOnHeldLink } from '../../held-link.ts'
import { isOtherPerson, mayGetLink } from './facts.ts'
import type { UpstreamProof } from './proofs.ts'
import type { UpstreamDeps } from './upstream-deps.ts'

interface SignedInPerson {
  person: NaturalPerson
  amr: readonly string[]
}

/** The login in which the upstream spoke: the question belongs to a later one of the same browser. */
export const loginOf = ({ interaction }: Attempt): string => {
  const { after } = interaction.prompt.details
  return typeof after === 'string' ? after : ''
}

/** Whether this sign-in may link any account of an upstream: it is as strong as a change of authenticators needs. */
export const mayLinkAny = async (deps: UpstreamDeps, { person, amr }: SignedInPerson): Promise<boolean> =>
  amr.length > 0 &&
  !isByQr(amr) &&
  limitedWay(amr) === undefined &&
  !isHeld(person, deps.clock()) &&
  (await mayGetLink(deps, person)) &&
  !(await restsOnHeldLink(deps, { personId: person.id, amr }))

/** Whether it may link the account of this proof: case 2 of the rules. An account of another document is another person's. */
export async function mayLink(deps: UpstreamDeps, proof: UpstreamProof, who: SignedInPerson): Promise<boolean> {
  if (!(await mayLinkAny(deps, who)) || isOtherPerson(deps, who.person, proof.identity)) return false
  return (await deps.upstreamLinks.find({ upstream: proof.upstream, subject: proof.identity.subject })) === undefined
}
