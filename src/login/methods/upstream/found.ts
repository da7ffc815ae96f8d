import { linkId } from '../../../accounts/upstream-links.ts'
import { offersDue, putOffOffer, refuseLink, type LinkKey } from '../../../accounts/upstream-offers.ts'
import { requestOf, showPage } from '../../../pages/request-context.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { UpstreamAnswer, UpstreamClient } from '../../../upstreams/upstream-client.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import { actorOf } from '../../actor.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, Router, RouterContext } from '../../method.ts'
import { signedIn } from '../../signed-in.ts'
import { loginOf, mayLink, mayLinkAny } from './may-link.ts'
import { newProof, type UpstreamProofs } from './proofs.ts'
import { formTargetsOf } from './shown-here.ts'
import { startWalk, upstreamLimit, type StepDeps } from './start.ts'
import { stepSeconds } from './steps.ts'
import { name, type UpstreamDeps } from './upstream-deps.ts'

type Deps = StepDeps & { proofs: UpstreamProofs }

/** An account of an upstream that an import has found for a person. */
interface Found {
  key: LinkKey
  client: UpstreamClient
}

const decisions: ReadonlySet<string> = new Set(['connect', 'later', 'never'])

/** The first account that this person is asked about now; one of an upstream that is out of use waits. */
export async function foundFor(
  { database, upstreams, clock }: UpstreamDeps,
  personId: string,
  id?: string,
): Promise<Found | undefined> {
  for (const key of await offersDue(database, personId, clock())) {
    const client = upstreams.client(key.upstream)
    if (client && (id === undefined || id === linkId(key))) return { key, client }
  }
  return undefined
}

/** "We found your account": the person decides. They link it only by a sign-in at the upstream (case 2 of the rules). */
export function showFound(
  ctx: RouterContext,
  attempt: Attempt,
  { key, client: { upstream } }: Found,
  { failed }: { failed: boolean },
): void {
  // a form may lead only where the policy of its page says
  requestOf(ctx).formTargets.push(...formTargetsOf(upstream))
  const page = {
    action: pathOf(attempt, `${name}/found`),
    csrf: requestOf(ctx).csrf(),
    found: linkId(key),
    upstream: upstream.name,
    failed,
  }
  showPage(ctx, 'upstream/found', page, failed ? 503 : 200)
}

/** POST /login/<attempt>/upstream/found: `decision` is `connect`, `later` or `never`. */
export function foundRoute(router: Router, host: LoginHost, deps: Deps): void {
  const networks = upstreamLimit(deps)
  router.post('/found', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'offer')
    const { decision = '', found: id = '' } = requestOf(ctx).form
    if (!decisions.has(decision)) throw new Refusal('bad_request', 'no decision')
    const { session, person } = await signedIn(deps.persons, attempt)
    const found = await foundFor(deps, person.id, id)
    if (!found) return host.offered(ctx)
    if (decision !== 'connect') {
      await answer(deps, ctx, found, decision)
      return host.offered(ctx)
    }
    if (!(await mayLinkAny(deps, { person, amr: session.amr }))) throw new Refusal('login_expired', 'the offer is over')
    await networks.spend(requestOf(ctx))
    const failure = await startWalk(deps, ctx, attempt, found.client)
    if (failure !== undefined) showFound(ctx, attempt, found, { failed: true })
    return undefined
  })
}

async function answer(
  { database, audit, clock }: Deps,
  ctx: RouterContext,
  { key }: Found,
  decision: string,
): Promise<void> {
  if (decision === 'later') return void (await putOffOffer(database, key, clock()))
  const details = { upstream: key.upstream, fault: 'not_wanted' }
  await database.transaction().execute(async (transaction) => {
    await refuseLink(transaction, key, clock())
    await audit.append(transaction, {
      event: 'upstream.link-refused',
      ...actorOf(ctx),
      personId: key.personId,
      details,
    })
  })
}

/**
 * The upstream has answered for a person who was asked about an account: "link it?" is the next question.
 * @throws Refusal `upstream_taken` where the account that came may not be linked to this person
 */
export async function arriveFound(
  deps: Deps,
  ctx: RouterContext,
  {
    attempt,
    upstream,
    nonce,
    answer: came,
  }: { attempt: Attempt; upstream: Upstream; nonce: string; answer: UpstreamAnswer },
): Promise<void> {
  const { session, person } = await signedIn(deps.persons, attempt)
  if ('failure' in came) {
    const found = await foundFor(deps, person.id)
    const failed = came.failure !== 'declined'
    return failed && found ? showFound(ctx, attempt, found, { failed }) : redirectTo(ctx, pathOf(attempt))
  }
  // the question reads the proof of the login that it follows
  const asked = { ...attempt, id: loginOf(attempt) }
  const proof = newProof(upstream, { attempt: asked, nonce, identity: came.identity })
  if (!(await mayLink(deps, proof, { person, amr: session.amr }))) throw new Refusal('upstream_taken', 'not linked')
  await deps.proofs.put(asked.id, proof, stepSeconds)
  return redirectTo(ctx, pathOf(attempt))
}
