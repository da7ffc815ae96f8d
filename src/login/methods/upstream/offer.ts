import { isHeld, type NaturalPerson } from '../../../accounts/natural-persons.ts'
import { maskDocumentNumber, maskName, maskPhone } from '../../../accounts/identifiers/masking.ts'
import { isByQr, limitedWay } from '../../../assurance/levels.ts'
import { requestOf, showPage } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import { restsOnHeldLink } from '../../held-link.ts'
import type { LoginHost, Offer, Router, RouterContext } from '../../method.ts'
import { mayGetLink } from './facts.ts'
import { linkBySignIn } from './link.ts'
import { proofId, takeShown, type UpstreamProof, type UpstreamProofs } from './proofs.ts'
import { name, type UpstreamDeps } from './upstream-deps.ts'

type Deps = UpstreamDeps & { proofs: UpstreamProofs }

/** The login in which the upstream spoke: the question belongs to a later one of the same browser. */
const loginOf = ({ interaction }: Attempt): string => {
  const { after } = interaction.prompt.details
  return typeof after === 'string' ? after : ''
}

/**
 * Whether a sign-in may link an account of an upstream: case 2 of the rules. It is as strong as a change of authenticators needs. An
 * account of another document is another person's.
 */
async function mayLink(
  deps: Deps,
  proof: UpstreamProof,
  { person, amr }: { person: NaturalPerson; amr: readonly string[] },
): Promise<boolean> {
  const strong = amr.length > 0 && !isByQr(amr) && limitedWay(amr) === undefined
  if (!strong || isHeld(person, deps.clock()) || !(await mayGetLink(deps, person))) return false
  if (isOtherPerson(deps, person, proof) || (await restsOnHeldLink(deps, { personId: person.id, amr }))) return false
  return (await deps.upstreamLinks.find({ upstream: proof.upstream, subject: proof.identity.subject })) === undefined
}

/** Both sides have proven a number of the same type, and the numbers differ. */
function isOtherPerson(
  { persons }: Pick<Deps, 'persons'>,
  person: NaturalPerson,
  { identity: { level, document } }: UpstreamProof,
): boolean {
  if (!document || level < 3 || person.identityLevel < 3 || person.row.document_type !== document.type) return false
  return persons.open(person, 'document_number') !== document.number
}

/** "Link it?": asked after a sign-in by another way, in a login in which an unknown account of an upstream took part. */
export function upstreamOffer(deps: Deps): Offer {
  const { persons, proofs, upstreams } = deps
  return {
    evenAsked: true,
    async due({ attemptId, personId, amr }) {
      const proof = await proofs.read(attemptId)
      if (!proof || !upstreams.client(proof.upstream)) return false
      const person = await persons.find(personId)
      return person !== undefined && mayLink(deps, proof, { person, amr })
    },

    ask: async (ctx, attempt) => show(deps, ctx, attempt, await proofs.read(loginOf(attempt))),
  }
}

/** Without a proof nothing is left to ask: the page leads on. */
function show({ upstreams }: Deps, ctx: RouterContext, attempt: Attempt, proof: UpstreamProof | undefined): void {
  const upstream = proof && upstreams.client(proof.upstream)?.upstream
  const { name: said, document, phone } = proof?.identity ?? {}
  showPage(ctx, `${name}/offer`, {
    action: pathOf(attempt, `${name}/answer`),
    csrf: requestOf(ctx).csrf(),
    upstream: upstream?.name ?? '',
    proof: proof ? proofId(proof) : '',
    name: said === undefined ? '' : maskName(said),
    documentNumber: document === undefined ? '' : maskDocumentNumber(document.number),
    phone: phone === undefined ? '' : maskPhone(phone),
  })
}

/** POST /login/<attempt>/upstream/answer: `decision` is `link` or `later`. */
export function answerRoute(router: Router, host: LoginHost, deps: Deps): void {
  router.post('/answer', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'offer')
    const { decision, proof: shown } = requestOf(ctx).form
    if (decision !== 'link' && decision !== 'later') throw new Refusal('bad_request', 'no decision')
    if (decision === 'link') {
      const proof = await takeShown(deps.proofs, loginOf(attempt), shown)
      if (proof) await linkProof(deps, ctx, attempt, proof)
    } else await deps.proofs.take(loginOf(attempt))
    await host.offered(ctx)
  })
}

/** @throws Refusal `login_expired` where this sign-in may not, or no longer, link it */
async function linkProof(deps: Deps, ctx: RouterContext, attempt: Attempt, proof: UpstreamProof): Promise<void> {
  const { upstreams, persons, sessions, settings, clock } = deps
  const session = attempt.session && (await sessions.find(attempt.session.uid))
  const person = session && (await persons.find(session.personId))
  const upstream = upstreams.client(proof.upstream)?.upstream
  const fresh = session && clock() / 1000 - session.signedInAt <= settings.lifetimes.freshSignIn
  const may = person && upstream && fresh && (await mayLink(deps, proof, { person, amr: session.amr }))
  if (!may) throw new Refusal('login_expired', 'the offer is over')
  await linkBySignIn(deps, ctx, { session, proof })
}
