import { perNetwork, type NetworkLimit } from '../../../guards/network-limit.ts'
import { idOf, redirectTo } from '../../../pages/redirect.ts'
import { requestOf, showPage } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { UpstreamClient, UpstreamFailure } from '../../../upstreams/upstream-client.ts'
import { assertQuestion, type Attempt } from '../../attempt.ts'
import type { LoginHost, Router, RouterContext } from '../../method.ts'
import { freshSecret } from '../../sealed-artifacts.ts'
import { failed } from './arrive.ts'
import { mayUse } from './shown-here.ts'
import { newStep, stepOf, stepSeconds, type Steps, type WaitingStates } from './steps.ts'
import type { UpstreamDeps } from './upstream-deps.ts'

export type StepDeps = UpstreamDeps & { steps: Steps; waiting: WaitingStates }

/** Starts of one network in ten minutes, together with the answers that upstreams post. */
export const upstreamLimit = (deps: UpstreamDeps): NetworkLimit =>
  perNetwork(deps, { name: 'upstream-network', most: deps.settings.limits.addressTries, seconds: 600 })

/** @throws Refusal `not_found` for an upstream that this login does not have */
export function usable({ upstreams }: Pick<UpstreamDeps, 'upstreams'>, attempt: Attempt, id: string): UpstreamClient {
  const client = upstreams.client(id)
  if (!client || !mayUse(client.upstream, attempt)) throw new Refusal('not_found', 'no such upstream here')
  return client
}

/** POST /login/<attempt>/upstream/<id>/start: to the upstream's page. Each start is a walk of its own. */
export function startRoute(router: Router, host: LoginHost, deps: StepDeps): void {
  const networks = upstreamLimit(deps)
  router.post('/:id/start', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'login')
    const client = usable(deps, attempt, idOf(ctx))
    await networks.spend(requestOf(ctx))
    const failure = await startWalk(deps, ctx, attempt, client)
    if (failure !== undefined) return failed(host, ctx, attempt, failure)
  })
}

/** Sends the browser to the page of the upstream, or says why it cannot. */
export async function startWalk(
  deps: StepDeps,
  ctx: RouterContext,
  attempt: Attempt,
  client: UpstreamClient,
): Promise<UpstreamFailure | undefined> {
  const state = freshSecret()
  const step = newStep({ attempt: attempt.id, upstream: client.upstream.id, level: attempt.needed })
  const begun = await client.begin(stepOf(deps.settings.issuer, state, step))
  if ('failure' in begun) return begun.failure
  await deps.steps.put(state, step, stepSeconds)
  deps.waiting.add(ctx, state)
  leaveFor(ctx, begun.url, client.upstream.name)
  return undefined
}

/**
 * Chromium applies `form-action` (Content Security Policy Level 3 section 6.4.1) to every redirect after a form. The login page of an
 * upstream is often at another origin than its first address. So a page ends the chain, as on the way to a portal
 * (oidc/onward-pages.ts). Without `Sec-Fetch-Mode` (Fetch Metadata) it is a redirect.
 */
function leaveFor(ctx: RouterContext, url: string, system: string): void {
  if (ctx.method !== 'POST' || ctx.get('sec-fetch-mode') !== 'navigate') return redirectTo(ctx, url)
  showPage(ctx, 'onward/onward', { movesTo: url, system })
}
