import { z } from 'zod'
import { readText } from '../../../pages/bodies.ts'
import { idOf, redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { UpstreamClient, UpstreamReturn } from '../../../upstreams/upstream-client.ts'
import { assertQuestion, pathOf } from '../../attempt.ts'
import type { LoginHost, Router, RouterContext } from '../../method.ts'
import { freshSecret, sealedArtifacts, type SealedArtifacts } from '../../sealed-artifacts.ts'
import { unseen } from '../../unseen.ts'
import { arrive } from './arrive.ts'
import { arriveFound } from './found.ts'
import type { UpstreamProofs } from './proofs.ts'
import { upstreamLimit, usable, type StepDeps } from './start.ts'
import { stepOf } from './steps.ts'
import type { UpstreamDeps } from './upstream-deps.ts'

/** Of one answer, in UTF-8. */
const mostBytes = 16 * 1024
/** Seconds: the browser follows at once. */
const postedSeconds = 60

const posted = z.record(z.string(), z.string())

/** Answers that an upstream posted, by a secret; each is read once. */
export type Posted = SealedArtifacts<UpstreamReturn>

export const createPosted = (deps: Pick<UpstreamDeps, 'artifacts' | 'cipher'>): Posted =>
  sealedArtifacts(deps, 'upstream-posted', posted)

type Deps = StepDeps & { posted: Posted; proofs: UpstreamProofs }

/**
 * GET /upstream/<id>/callback: the upstream sends the browser back. Each has an address of its own, so no answer of one counts for
 * another (RFC 9700, 4.4). The browser of the login comes first of all: another one neither uses the walk up nor learns of it.
 */
export function callbackRoute(router: Router, hostOf: () => LoginHost, deps: Deps): void {
  const come = async (ctx: RouterContext) => {
    // a look at an address uses nothing up
    if (ctx.method !== 'GET') throw new Refusal('method_not_allowed')
    unseen(ctx)
    const host = hostOf()
    const id = idOf(ctx)
    const client = deps.upstreams.client(id)
    if (!client) throw new Refusal('not_found', 'no such upstream')
    const returned = await returnedIn(deps, ctx)
    const state = await stateIn(deps, ctx, client, returned)
    const waits = state === undefined ? undefined : await deps.steps.read(state)
    if (state === undefined || waits?.upstream !== id) throw new Refusal('upstream_expired', 'no such walk')
    // the login is that of the walk: this path is one for all logins
    ctx['params']['attempt'] = waits.attempt
    const attempt = await host.attempt(ctx)
    requestOf(ctx).returnTo = pathOf(attempt)
    // the walk of a person who was asked about an account that an import has found
    const found = attempt.question === 'offer'
    if (!found) assertQuestion(attempt, 'login')
    const { upstream } = found ? client : usable(deps, attempt, id)
    const step = await deps.steps.take(state)
    if (!step) throw new Refusal('upstream_expired', 'the walk came back before')
    const answer = await client.identify(stepOf(deps.settings.issuer, state, step), returned)
    const given = { attempt, upstream, nonce: step.nonce, answer }
    await (found ? arriveFound(deps, ctx, given) : arrive(deps, host, ctx, given))
  }
  router.get('/upstream/:id/callback', come)
  // for upstreams that drop the state, and keep an address
  router.get('/upstream/:id/callback/:state', come)
}

/** From the address, from the answer, or the only walk of this browser that waits. */
async function stateIn(
  { steps, waiting }: Deps,
  ctx: RouterContext,
  client: UpstreamClient,
  returned: UpstreamReturn,
): Promise<string | undefined> {
  const inPath: unknown = ctx['params']['state']
  if (typeof inPath === 'string') return inPath
  return client.stateOf(returned) ?? (await waiting.only(ctx, steps, client.upstream.id))
}

/** @throws Refusal `upstream_expired` for an answer with a name twice, a long one, and one that was read before */
async function returnedIn({ posted: kept }: Deps, ctx: RouterContext): Promise<UpstreamReturn> {
  const query = ctx.querystring
  if (query.length > mostBytes) throw new Refusal('upstream_expired', 'a long answer')
  const returned = parse(query)
  const secret = returned['posted']
  if (secret === undefined) return returned
  const known = await kept.take(secret)
  if (!known) throw new Refusal('upstream_expired', 'no such posted answer')
  return known
}

/** @throws Refusal `upstream_expired` for a name that comes twice */
function parse(text: string): UpstreamReturn {
  const fields = Object.create(null) as Record<string, string>
  for (const [key, value] of new URLSearchParams(text)) {
    if (key in fields) throw new Refusal('upstream_expired', 'a field twice')
    fields[key] = value
  }
  return fields
}

/**
 * POST /upstream/<id>/callback: a form of the upstream's page. Browsers send no cookie with it (SameSite=Lax), so nothing is decided
 * here: the browser comes back by GET, with a one-time id of the posted answer.
 */
export function postedRoute(router: Router, deps: Pick<Deps, 'upstreams' | 'posted'> & UpstreamDeps): void {
  const networks = upstreamLimit(deps)
  router.post('/upstream/:id/callback', async (ctx) => {
    unseen(ctx)
    const id = idOf(ctx)
    if (!deps.upstreams.client(id)) throw new Refusal('not_found', 'no such upstream')
    await networks.spend(requestOf(ctx))
    if (!ctx.is('application/x-www-form-urlencoded')) throw new Refusal('unsupported_media_type')
    const returned = parse(await readText(ctx.req, mostBytes))
    if ('posted' in returned) throw new Refusal('upstream_expired', 'an id of a posted answer was posted')
    const secret = freshSecret()
    await deps.posted.put(secret, { ...returned }, postedSeconds)
    redirectTo(ctx, `/upstream/${id}/callback?posted=${secret}`)
  })
}
