import { maskDocumentNumber, maskName, maskPhone } from '../../../accounts/identifiers/masking.ts'
import { requestOf, showPage } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, Offer, Router, RouterContext } from '../../method.ts'
import { signedIn } from '../../signed-in.ts'
import { foundFor, showFound } from './found.ts'
import { linkBySignIn } from './link.ts'
import { loginOf, mayLink, mayLinkAny } from './may-link.ts'
import { proofId, takeShown, type UpstreamProof, type UpstreamProofs } from './proofs.ts'
import { name, type UpstreamDeps } from './upstream-deps.ts'

type Deps = UpstreamDeps & { proofs: UpstreamProofs }

/**
 * "Link it?": asked after a sign-in by another way, in a login in which an unknown account of an upstream took part. Else "we found your
 * account": about an account that an import has found.
 */
export function upstreamOffer(deps: Deps): Offer {
  const { persons, proofs, upstreams } = deps
  return {
    evenAsked: true,
    async due({ attemptId, asked, personId, amr, person: read }) {
      const [proof, person] = await Promise.all([proofs.read(attemptId), read()])
      if (!person) return false
      if (proof) return upstreams.client(proof.upstream) !== undefined && mayLink(deps, proof, { person, amr })
      // the proof is lost after this login; a found account may wait
      return !asked && (await foundFor(deps, personId)) !== undefined && mayLinkAny(deps, { person, amr })
    },

    async ask(ctx, attempt) {
      const proof = await proofs.read(loginOf(attempt))
      const found = proof ? undefined : await foundFor(deps, (await signedIn(persons, attempt)).person.id)
      if (found) showFound(ctx, attempt, found, { failed: false })
      else show(deps, ctx, attempt, proof)
    },
  }
}

/** Without a proof nothing is left to ask: the page leads on. */
function show({ upstreams }: Deps, ctx: RouterContext, attempt: Attempt, proof: UpstreamProof | undefined): void {
  const upstream = proof && upstreams.client(proof.upstream)?.upstream
  const { name: said, document, phone } = proof?.identity ?? {}
  showPage(ctx, 'upstream/offer', {
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
