import { STATUS_CODES } from 'node:http'
import type Router from '@koa/router'
import type { RouterContext } from '@koa/router'
import type { Administrator } from '../../accounts/administrators.ts'
import { budgets } from '../../config/budgets.ts'
import { perNetwork } from '../../guards/network-limit.ts'
import type { AccessTokens } from '../../oidc/access-tokens.ts'
import { adminScope, byPasskey, commandLineId } from '../../oidc/command-line-client.ts'
import { readJson } from '../../pages/bodies.ts'
import { expected } from '../../pages/reference.ts'
import { requestOf } from '../../pages/request-context.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Services } from '../../services.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { nameOf, type Command, type CommandName, type Resolved } from '../command.ts'
import { remoteContext } from '../command-context.ts'
import { commandList, findCommand } from '../commands.ts'
import type { Input } from '../fields.ts'
import { forbidden, invalid, type FailureKind, type Outcome } from '../outcome.ts'
import { apiPath } from './api-path.ts'
import { readyFor, runRemotely } from './authorise.ts'
import { readInput } from './input.ts'

export interface AdminApiDeps {
  services: Services
  artifacts: Artifacts
  accessTokens: AccessTokens
  sessions: Sessions
}

const maxBytes = 64 * 1024
/** Counts the unauthorized calls of one network. */
const refusals = { ...budgets.adminRefusals, name: 'admin-refusals' }
const statuses: Record<FailureKind, number> = { invalid: 400, forbidden: 403, not_found: 404, failed: 409 }

/**
 * The administrators' API: one POST route for each command.
 * A caller needs an access token with scope `admin`, of the client of the command line.
 * The token is bound to a key (DPoP, RFC 9449).
 * Role and region are read again for every call. The body is JSON.
 * The answer is the parts of an `Outcome`, or a problem document (RFC 9457).
 */
export function adminApi(router: Router, deps: AdminApiDeps): void {
  for (const name of commandList) router.post(apiPath(name), (ctx) => answer(ctx, deps, name))
}

async function answer(ctx: RouterContext, deps: AdminApiDeps, name: CommandName): Promise<void> {
  try {
    const administrator = await administratorOf(ctx, deps, name)
    if (!administrator) return
    const command = await findCommand(name)
    if (!command) throw new Error(`${nameOf(name)} is not in the list of commands`)
    const read = readInput(command, await readJson(ctx, maxBytes))
    const context = remoteContext(deps.services, administrator)
    const ready = read.ok ? await readyFor(context, command, read.input) : invalid(...read.problems)
    const outcome: Outcome = ready.ok ? await runRemotely(context, command, ready.input) : ready
    const given = read.ok ? read.input : {}
    const target = targetOf(command, given, ready)
    await record(ctx, deps, { administrator, command, given, target, outcome: outcomeName(outcome) })
    if (!outcome.ok) return showProblem(ctx, outcome)
    const { document, shown, notes, raw, link, fault } = outcome
    ctx.status = fault === undefined ? 200 : 202
    ctx.body = { document, shown, notes, raw, link, fault }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, status } = error
    ctx.status = status
    if (error.retryAfter !== undefined) ctx.set('retry-after', String(error.retryAfter))
    ctx.type = 'application/problem+json'
    ctx.body = {
      type: 'about:blank',
      title: code,
      status,
      kind: 'failed',
      reference: requestOf(ctx).refer({ code, status, ...expected(error) }),
    }
  }
}

/** The id that the audit log records. What names a person is personal data until it is the id of an account. */
function targetOf(command: Command, given: Input, ready: Resolved): unknown {
  if (command.resolve && ready.ok) return ready.input['id']
  return command.fields['id']?.personal ? undefined : given['id']
}

/** The outcome in the audit log. */
function outcomeName(outcome: Outcome): string {
  if (!outcome.ok) return outcome.kind
  return outcome.fault === undefined ? 'done' : 'not_done'
}

function showProblem(ctx: RouterContext, { kind, problems }: Outcome & { ok: false }): void {
  const status = statuses[kind]
  ctx.status = status
  ctx.body = { type: 'about:blank', title: STATUS_CODES[status], status, kind, problems }
  ctx.type = 'application/problem+json'
}

/** The caller. Undefined where the caller was refused: then the response is set. */
async function administratorOf(
  ctx: RouterContext,
  deps: AdminApiDeps,
  name: CommandName,
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
    const problem = error ?? 'invalid_token'
    await refuse(ctx, deps, { name, problem })
    ctx.set('www-authenticate', `DPoP error="${problem}", scope="${adminScope}", algs="ES256 Ed25519 EdDSA"`)
    ctx.status = problem === 'insufficient_scope' ? 403 : 401
    ctx.body = { type: 'about:blank', title: problem, status: ctx.status, kind: 'forbidden' }
    ctx.type = 'application/problem+json'
    return undefined
  }
  const { personId, session } = bearer
  const administrator = await services.administrators.acting(personId)
  if (!administrator) {
    await refuse(ctx, deps, { name, problem: 'no_administrator', personId })
    showProblem(ctx, forbidden('You are no administrator (any more).'))
    return undefined
  }
  await sessions.keepAlive(session.uid)
  return administrator
}

const origin = (ctx: RouterContext) => {
  const { address, browser } = requestOf(ctx)
  return { restricted: { address, browser } }
}

/** @throws Refusal `too_many_requests`: repeated unauthorized calls must not fill the audit log */
async function refuse(
  ctx: RouterContext,
  { services, artifacts }: AdminApiDeps,
  { name, problem, personId }: { name: CommandName; problem: string; personId?: string },
) {
  const { clock, dataKeys } = services
  await perNetwork({ artifacts, clock, blindIndex: dataKeys.blindIndex }, refusals).spend(requestOf(ctx))
  const details = { command: nameOf(name), problem }
  await services.audit.record({ event: 'administrator.refused', actor: 'program', personId, details, ...origin(ctx) })
}

/** Records the names of the given fields, never their values: they may be personal data or secrets. */
async function record(
  ctx: RouterContext,
  { services }: AdminApiDeps,
  act: { administrator: Administrator; command: Command; given: Input; target: unknown; outcome: string },
) {
  const { administrator, command, given, outcome } = act
  const target = typeof act.target === 'string' ? act.target.slice(0, 64) : undefined
  const isPortal = 'about' in command.access && command.access.about === 'portal'
  await services.audit.record({
    event: 'administrator.acted',
    actor: `administrator:${administrator.personId}`,
    // a portal that does not exist, or is in another region, gets no entry in its own history
    clientId: isPortal && outcome === 'done' ? target : undefined,
    details: {
      command: nameOf(command),
      target,
      given: Object.keys(given).filter((field) => field !== 'id'),
      role: administrator.role,
      region: administrator.region,
      outcome,
    },
    ...origin(ctx),
  })
}
