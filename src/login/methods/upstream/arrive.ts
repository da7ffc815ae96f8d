import type { Level } from '../../../assurance/levels.ts'
import type { UpstreamLink } from '../../../accounts/upstream-links.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import type { RefusalCode } from '../../../refusal/refusal.ts'
import type { UpstreamAnswer, UpstreamFailure, UpstreamIdentity } from '../../../upstreams/upstream-client.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import { actorOf } from '../../actor.ts'
import { pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, RouterContext } from '../../method.ts'
import { decideAbout } from './facts.ts'
import { linkByNumber } from './link.ts'
import { newProof, type UpstreamProofs } from './proofs.ts'
import { stepSeconds } from './steps.ts'
import { name, throughOf, type UpstreamDeps } from './upstream-deps.ts'

/** The refusals of failures; undefined where the person went back. */
const refusalOf: Readonly<Record<UpstreamFailure, RefusalCode | undefined>> = {
  declined: undefined,
  code_refused: 'upstream_refused',
  answer_invalid: 'upstream_invalid',
  unavailable: 'upstream_unavailable',
  misconfigured: 'upstream_misconfigured',
}

type Deps = UpstreamDeps & { proofs: UpstreamProofs }

export interface Came {
  attempt: Attempt
  upstream: Upstream
  identity: UpstreamIdentity
}

/** The upstream has answered for the browser of this login. A failure costs the login nothing. */
export async function arrive(
  deps: Deps,
  host: LoginHost,
  ctx: RouterContext,
  given: { attempt: Attempt; upstream: Upstream; nonce: string; answer: UpstreamAnswer },
): Promise<void> {
  const { attempt, upstream, nonce, answer } = given
  if ('failure' in answer) return failed(host, ctx, attempt, answer.failure)
  const { identity } = answer
  const came = { attempt, upstream, identity }
  const link = await findLink(deps, came)
  const decided = await decideAbout(deps, { upstream, identity, link })
  if (decided.decision === 'refuse') return identityChanged(deps, host, ctx, came, link)
  if (decided.decision === 'sign-in' && link) return signInByLink(deps, host, ctx, came, link)
  if (decided.decision === 'link') {
    await linkByNumber(deps, ctx, came, decided.holder)
    // the stored link decides: another login may have made it
    const made = await findLink(deps, came)
    if (made) return signInByLink(deps, host, ctx, came, made)
  }
  await deps.proofs.put(attempt.id, newProof(upstream, { attempt, nonce, identity }), stepSeconds)
  return redirectTo(ctx, pathOf(attempt, `${name}/new`))
}

const findLink = ({ upstreamLinks }: UpstreamDeps, { upstream, identity }: Pick<Came, 'upstream' | 'identity'>) =>
  upstreamLinks.find({ upstream: upstream.id, subject: identity.subject })

export async function failed(
  host: LoginHost,
  ctx: RouterContext,
  attempt: Attempt,
  failure: UpstreamFailure,
): Promise<void> {
  const code = refusalOf[failure]
  if (code === undefined) return redirectTo(ctx, pathOf(attempt))
  return host.refuse(ctx, { method: name, code })
}

/** The upstream gave the account to another person (facts/upstreams.md 2). Nothing is linked, and the operator is alarmed. */
async function identityChanged(
  { audit }: UpstreamDeps,
  host: LoginHost,
  ctx: RouterContext,
  { upstream }: Came,
  link: UpstreamLink | undefined,
): Promise<void> {
  const details = { upstream: upstream.id }
  const personId = link?.personId
  await audit.record({ event: 'upstream.identity-changed', ...actorOf(ctx), personId, details })
  await host.refuse(ctx, { method: name, code: 'upstream_identity_changed', personId })
}

/** Signs in as the person of a link. The level is the lowest of the answer, the link and the account. */
export async function signInByLink(
  { persons, upstreamLinks, upstreamSessions, clock }: UpstreamDeps,
  host: LoginHost,
  ctx: RouterContext,
  { identity, upstream }: Came,
  link: UpstreamLink,
): Promise<void> {
  const person = await persons.find(link.personId)
  if (link.pausedAt !== null)
    return host.refuse(ctx, { method: name, code: 'upstream_paused', personId: link.personId })
  const proven = identity.level >= 3 ? identity.document : undefined
  // after the epoch was read: a removal of the link from now on ends this sign-in
  if (!person || !(await upstreamLinks.used(link, proven)))
    return host.refuse(ctx, { method: name, code: 'upstream_refused', personId: link.personId })
  await host.succeed(ctx, {
    method: name,
    personId: person.id,
    amr: ['fed'],
    vouched: lowest(identity.level, link.level, person.identityLevel),
    epoch: person.endings.epoch,
    through: throughOf(link),
    upstreamSession: upstreamSessions.seal({
      upstream: upstream.id,
      subject: identity.subject,
      ...identity.session,
      at: clock(),
    }),
    refusal: 'upstream_refused',
  })
}

const levels: readonly Level[] = [4, 3, 2]

/** The highest level that none of these is below. */
const lowest = (...given: number[]): Level => levels.find((level) => given.every((one) => one >= level)) ?? 2
