import { isHeld, type NaturalPerson } from '../../../accounts/natural-persons.ts'
import { isByQr, limitedWay } from '../../../assurance/levels.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import type { Attempt } from '../../attempt.ts'
import { restsOnHeldLink } from '../../held-link.ts'
import { hasOwnNumber, isOtherPerson, mayGetLink } from './facts.ts'
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
  const upstream = deps.upstreams.client(proof.upstream)?.upstream
  if (!upstream || !(await mayLinkAny(deps, who)) || isOtherPerson(deps, who.person, proof.identity)) return false
  if (!isBound(upstream) && !hasOwnNumber(deps, who.person, proof.identity)) return false
  return (await deps.upstreamLinks.find({ upstream: proof.upstream, subject: proof.identity.subject })) === undefined
}

/** Whether an answer counts for one browser alone. Where the state gets lost, a stranger may have put their own code into it. */
const isBound = ({ kind, options }: Upstream) =>
  kind !== 'oauth2' || options['state'] !== 'dropped' || options['pkce'] === true
