import { STATUS_CODES } from 'node:http'
import type Router from '@koa/router'
import type { RouterContext } from '@koa/router'
import type { Administrator } from '../../accounts/administrators.ts'
import { budgets } from '../../config/budgets.ts'
import type { AccessTokens } from '../../oidc/access-tokens.ts'
import { adminScope, byPasskey, commandLineId } from '../../oidc/command-line-client.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import { readJson } from '../../pages/bodies.ts'
import { requestOf } from '../../pages/request-context.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { perNetwork } from '../../guards/network-limit.ts'
import { apiPath } from './api-path.ts'
import { forbidden, invalid, nameOf, type Command, type FailureKind, type Input, type Outcome } from '../command.ts'
import { commands } from '../commands.ts'
import { remoteContext } from '../command-context.ts'
import { runRemotely } from './gate.ts'
import type { Services } from '../../services.ts'
import { readInput } from './input.ts'

export interface AdminApiDeps {
  services: Services
  artifacts: Artifacts
  accessTokens: AccessTokens
  sessions: Sessions
}

const mostBytes = 64 * 1024
/** Calls of one network without a right to them. */
const refusals = { ...budgets.adminRefusals, name: 'admin-refusals' }
const statuses: Record<FailureKind, number> = { invalid: 400, forbidden: 403, not_found: 404, failed: 409 }

/**
 * The commands of src/admin for programs: an access token of scope `admin`, bound to a key (DPoP, RFC 9449), by the
 * command line's own client. Role and region are looked up at every call. JSON goes in; out come what people and
 * programs are shown (`Outcome`), or a problem document (RFC 9457).
 */
export function adminApi(router: Router, deps: AdminApiDeps): void {
  for (const command of commands) router.post(apiPath(command), (ctx) => answer(ctx, deps, command))
}

async function answer(ctx: RouterContext, deps: AdminApiDeps, command: Command): Promise<void> {
  try {
    const administrator = await administratorOf(ctx, deps, command)
    if (!administrator) return
    const read = readInput(command, await readJson(ctx, mostBytes))
    const input = read.ok ? read.input : {}
    const context = remoteContext(deps.services, administrator)
    const outcome: Outcome = read.ok ? await runRemotely(context, command, input) : invalid(...read.problems)
    await record(ctx, deps, { administrator, command, input, outcome: outcome.ok ? said(outcome) : outcome.kind })
    if (!outcome.ok) return showProblem(ctx, outcome)
    const { document, shown, notes, fault } = outcome
    ctx.status = fault === undefined ? 200 : 202
    ctx.body = { document, shown, notes, fault }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    ctx.status = error.status
    if (error.retryAfter !== undefined) ctx.set('retry-after', String(error.retryAfter))
    ctx.type = 'application/problem+json'
    ctx.body = {
      type: 'about:blank',
      title: error.code,
      status: error.status,
      kind: 'failed',
      reference: requestOf(ctx).id,
    }
  }
}

const said = ({ fault }: { fault?: string }) => (fault === undefined ? 'done' : 'not_done')

function showProblem(ctx: RouterContext, { kind, problems }: Outcome & { ok: false }): void {
  const status = statuses[kind]
  ctx.status = status
  ctx.body = { type: 'about:blank', title: STATUS_CODES[status], status, kind, problems }
  ctx.type = 'application/problem+json'
}

/** Undefined when it has answered already. */
async function administratorOf(
  ctx: RouterContext,
  deps: AdminApiDeps,
  command: Command,
): Promise<Administrator | undefined> {
  const { services, accessTokens, sessions } = deps
  const bearer = await accessTokens.check({
    authorization: ctx.get('authorization'),
    proof: ctx.get('dpop'),
    method: ctx.method,
    url: `${services.settings.issuer}${ctx.path}`,
    scope: adminScope,
  })
  const error = typeof bearer === 'string' ? bearer : undefined
  if (typeof bearer === 'string' || bearer.clientId !== commandLineId || !byPasskey(bearer.session.amr)) {
    const why = error ?? 'invalid_token'
    await refuse(ctx, deps, command, why)
    ctx.set('www-authenticate', `DPoP error="${why}", scope="${adminScope}", algs="ES256 Ed25519 EdDSA"`)
    ctx.status = why === 'insufficient_scope' ? 403 : 401
    ctx.body = { type: 'about:blank', title: why, status: ctx.status, kind: 'forbidden' }
    ctx.type = 'application/problem+json'
    return undefined
  }
  const { personId, session } = bearer
  const administrator = await services.administrators.acting(personId)
  if (!administrator) {
    await refuse(ctx, deps, command, 'no_administrator', personId)
    showProblem(ctx, forbidden('You are no administrator (any more).'))
    return undefined
  }
  await sessions.keepAlive(session.uid)
  return administrator
}

const about = (ctx: RouterContext) => {
  const { address, browser } = requestOf(ctx)
  return { restricted: { address, browser } }
}

/** @throws Refusal `too_many_requests`: whoever is refused all the time must not fill the audit trail */
async function refuse(
  ctx: RouterContext,
  { services, artifacts }: AdminApiDeps,
  command: Command,
  problem: string,
  personId?: string,
) {
  const { clock, dataKeys } = services
  await perNetwork({ artifacts, clock, blindIndex: dataKeys.blindIndex }, refusals).spend(requestOf(ctx))
  const details = { command: nameOf(command), problem }
  await services.audit.record({ event: 'administrator.refused', actor: 'program', personId, details, ...about(ctx) })
}

/** Who did what to what; never values: they may be personal data or secrets. */
async function record(
  ctx: RouterContext,
  { services }: AdminApiDeps,
  act: { administrator: Administrator; command: Command; input: Input; outcome: string },
) {
  const { administrator, command, input, outcome } = act
  const target = typeof input['id'] === 'string' ? input['id'].slice(0, 64) : undefined
  const isPortal = 'about' in command.access && command.access.about === 'portal'
  await services.audit.record({
    event: 'administrator.acted',
    actor: `administrator:${administrator.personId}`,
    // what was not there, or is not theirs, is no portal's own history
    clientId: isPortal && outcome === 'done' ? target : undefined,
    details: {
      command: nameOf(command),
      target,
      given: Object.keys(input).filter((field) => field !== 'id'),
      role: administrator.role,
      region: administrator.region,
      outcome,
    },
    ...about(ctx),
  })
}
