import { isChild, noticeVersion } from '../../../accounts/privacy-notice.ts'
import type { NetworkLimit } from '../../../guards/network-limit.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { Possession } from '../../../storage/schema.ts'
import type { UpstreamIdentity } from '../../../upstreams/upstream-client.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import { actorOf } from '../../actor.ts'
import type { Attempt } from '../../attempt.ts'
import type { LoginHost, RouterContext } from '../../method.ts'
import { signInByLink } from './arrive.ts'
import type { Newcomer } from './newcomer.ts'
import type { UpstreamProof, UpstreamProofs } from './proofs.ts'
import { usable } from './start.ts'
import type { UpstreamDeps } from './upstream-deps.ts'

export type OpeningDeps = UpstreamDeps & {
  proofs: UpstreamProofs
  /** Accounts that one network opens. */
  opened: NetworkLimit
}

/**
 * Cases 4 and 5 of the rules: opens an account whose only way in is this link, and signs in to it. Another account with the same number
 * is neither asked nor shown. The account is at level 2. It is at 3 on three conditions (DESIGN 1.4). The upstream has proven the number
 * itself; our register has it with the name; no account at 3 has it.
 * @throws Refusal `upstream_taken` where the account of the upstream was linked since
 */
export async function openWithLink(
  deps: OpeningDeps,
  host: LoginHost,
  ctx: RouterContext,
  { attempt, proof, newcomer }: { attempt: Attempt; proof: UpstreamProof; newcomer: Newcomer },
): Promise<void> {
  const { persons, matches, upstreamLinks, audit, clock } = deps
  const { upstream } = usable(deps, attempt, proof.upstream)
  const { identity } = proof
  const subject = { upstream: upstream.id, subject: identity.subject }
  const by = actorOf(ctx)
  const { document, name } = newcomer
  const silent = await matches.silent({ documentType: document.type, documentNumber: document.number, name })
  const opened = await persons.create(
    {
      document,
      name,
      // not proven here: a number that an upstream asserts is no way to sign in
      phone: identity.phone ?? '',
      username: '',
      authenticators: [],
      noticeVersion,
      ...(isChild(document, clock()) ? { guardian: true } : {}),
      possession: possessionBy(upstream, identity),
      silent,
      async alongside(transaction, personId) {
        const { level, document: asserted } = identity
        const link = { ...subject, personId, level, document: asserted, opened: true, way: 'sign-in' } as const
        if (!(await upstreamLinks.add(transaction, link))) return false
        const details = { upstream: upstream.id, way: 'opened' }
        await audit.append(transaction, { event: 'upstream.linked', ...by, personId, details })
        return true
      },
    },
    by,
  )
  const link = opened.ok ? await upstreamLinks.find(subject) : undefined
  if (!link) throw new Refusal('upstream_taken', 'another login was faster')
  await signInByLink(deps, host, ctx, { attempt, upstream, identity }, link)
}

/** An upstream that has proven the name with the number has seen the person (DESIGN 1.4). */
const possessionBy = (
  { authoritativeFor }: Upstream,
  { level, document, name }: UpstreamIdentity,
): Possession | undefined =>
  level >= 3 && name !== undefined && document !== undefined && authoritativeFor.includes(document.type)
    ? 'upstream'
    : undefined
