import type { Middleware } from 'koa'
import { errors, interactionPolicy, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import { z } from 'zod'
import type { Administrators } from '../accounts/administrators.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import { regionName } from '../config/regions.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import { localesQuery } from '../pages/locales-query.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { refusals } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { perNetwork } from '../guards/network-limit.ts'
import { byPasskey, commandLineId } from './command-line-client.ts'
import { createDeviceAnswers, handled } from './device-answers.ts'
import { localesOf, reasonOfPage } from './pages.ts'
import { leaveUnsaved } from './engine/unsaved-sessions.ts'

export interface DeviceFlowDeps {
  administrators: Administrators
  artifacts: Artifacts
  audit: AuditLog
  blindIndex: BlindIndex
  cipher: FieldCipher
  /** The region (GB/T 2260) of a network address, where it is known. */
  regionOf(address: string): string | undefined
  clock: Clock
}

/** The pages, and the endpoint at which the command line requests a code. */
export const devicePath = '/device'
export const deviceAuthorizationPath = '/device_authorization'

/** Polling interval of a waiting command line (RFC 8628 section 3.2). */
const pollSeconds = 2
/** Per network in ten minutes: too few to guess one of 2.5e10 codes, enough for an office. */
const tries = { ...budgets.deviceTries, name: 'device-tries' }

const aad = 'device.command-line'
const waitingSchema = z.object({ address: z.string(), network: z.string(), program: z.string() })

type DeviceFlow = Exclude<NonNullable<Configuration['features']>['deviceFlow'], undefined>

class NoAdministrator extends errors.AccessDenied {}

/** Why the page asks for a code again. Its words are in views/words under `device.<problem>`. */
const problems: Record<string, string> = {
  NotFoundError: 'unknown',
  ExpiredError: 'expired',
  AlreadyUsedError: 'used',
  NoCodeError: 'empty',
}

/**
 * The sign-in of the administrators' command line (RFC 8628). Its person types the code that the command line shows.
 * The page shows which program waits, and from where. Then the person signs in by passkey.
 * No link carries the code, so a stranger's link approves nothing (section 5.4).
 */
export function createDeviceFlow(deps: DeviceFlowDeps) {
  const { administrators, audit, cipher, regionOf, clock } = deps
  const limit = perNetwork(deps, tries)
  const answers = createDeviceAnswers(deps.artifacts)

  const secretOf = ({ oidc }: KoaContextWithOIDC) => (oidc.session?.state as { secret: string } | undefined)?.secret
  const form = (ctx: KoaContextWithOIDC) => ({ action: `${devicePath}${localesQuery(ctx)}`, xsrf: secretOf(ctx) })

  /** All pages lead back to the first one: a browser cannot repeat a posted form. */
  const show = (ctx: KoaContextWithOIDC, view: string, data: Record<string, unknown>, status = 200) => {
    const request = requestOf(ctx)
    request.wish(localesOf(ctx))
    request.returnTo = devicePath
    showPage(ctx, view, data, status)
  }

  const again = (ctx: KoaContextWithOIDC, answer: string) => {
    if (answer === 'done') return show(ctx, 'device/done', {})
    if (answer === 'refused') return show(ctx, 'device/refused', { administrator: true })
    ctx.status = 303
    return ctx.redirect(answer)
  }

  const flow: DeviceFlow = {
    enabled: true,

    deviceInfo(ctx) {
      const { address, network, browser: program } = requestOf(ctx)
      return { sealed: cipher.seal(JSON.stringify({ address, network, program }), aad) }
    },

    async userCodeInputSource(ctx, _form, _out, error) {
      const { address, browser } = requestOf(ctx)
      const { session } = ctx.oidc
      if (error !== undefined && session?.exp === undefined) leaveUnsaved(session)
      if (error === undefined) return show(ctx, 'device/code', { ...form(ctx), problem: '' })
      const refused = error.name === 'AbortedError'
      const before = refused ? undefined : await answers.find(ctx)
      if (before !== undefined) return again(ctx, before)
      if (refused) {
        const personId = session?.accountId
        const restricted = { address, browser }
        if (!(error.cause instanceof NoAdministrator)) await answers.remember(ctx, 'refused')
        await audit.record({ event: 'device.refused', actor: 'person', personId, clientId: commandLineId, restricted })
        return show(ctx, 'device/refused', { administrator: !(error.cause instanceof NoAdministrator) })
      }
      const problem = problems[error.name]
      if (problem) return show(ctx, 'device/code', { ...form(ctx), problem }, 400)
      const code = error instanceof errors.OIDCProviderError && error.expose ? 'login_expired' : 'server_error'
      const status = refusals[code]
      const reference = requestOf(ctx).refer({ ...reasonOfPage(ctx, error, code), status })
      return show(ctx, 'error/error', { code, reference }, status)
    },

    userCodeConfirmSource(ctx, _form, _client, info, userCode) {
      const { network, language } = requestOf(ctx)
      const waiting = waitingSchema.parse(JSON.parse(cipher.open(String(info['sealed']), aad)))
      const region = regionOf(waiting.address)
      const began = ctx.oidc.entities.DeviceCode?.iat ?? 0
      show(ctx, 'device/confirm', {
        ...form(ctx),
        userCode,
        program: waiting.program,
        address: waiting.address,
        region: region === undefined ? '' : regionName(region, language),
        sameNetwork: waiting.network === network,
        secondsAgo: Math.max(0, Math.floor(clock() / 1000) - began),
      })
    },

    async successSource(ctx) {
      await answers.remember(ctx, 'done')
      show(ctx, 'device/done', {})
    },
  }

  const guarded: Middleware = async (ctx, next) => {
    if (ctx.method === 'POST') await limit.spend(requestOf(ctx))
    else if (ctx.querystring !== '') ctx.querystring = localesQuery(ctx).slice(1)
    await next()
    const decided = ctx.path === devicePath && ctx.status === 303 ? handled(ctx) : undefined
    if (decided) await answers.remember(decided, ctx.response.get('location'))
    if (ctx.path !== deviceAuthorizationPath || ctx.status !== 200) return
    const { verification_uri_complete: _link, ...answer } = ctx.body as Record<string, unknown>
    ctx.body = { ...answer, interval: pollSeconds }
  }

  /** Runs before oidc-provider: counts tries, and removes a code from a link. */
  const door: Middleware = (ctx, next) => {
    const { path } = ctx
    const ours = path === deviceAuthorizationPath || path === devicePath || path.startsWith(`${devicePath}/`)
    return ours ? guarded(ctx, next) : next()
  }

  /** The checks for a command line, in addition to those of every sign-in. */
  const addChecks = (policy: interactionPolicy.DefaultPolicy) => {
    const { Check } = interactionPolicy
    const isOurs = ({ oidc }: KoaContextWithOIDC) => oidc.client?.clientId === commandLineId
    policy.get('login')?.checks.add(
      new Check('language_kept', 'the sign-in has the language of the page before', (ctx) => {
        if (isOurs(ctx) && ctx.oidc.params) ctx.oidc.params['ui_locales'] = localesOf(ctx) || undefined
        return Check.NO_NEED_TO_PROMPT
      }),
    )
    policy.get('login')?.checks.add(
      new Check('passkey_needed', 'administrators sign in by passkey', 'login_required', (ctx) => {
        const { session } = ctx.oidc
        return isOurs(ctx) && session?.accountId && !byPasskey(session.amr)
          ? Check.REQUEST_PROMPT
          : Check.NO_NEED_TO_PROMPT
      }),
    )
    policy.get('consent')?.checks.add(
      new Check('no_administrator', 'this person does not administer', 'access_denied', async (ctx) => {
        const personId = ctx.oidc.session?.accountId
        if (isOurs(ctx) && personId && !(await administrators.acting(personId))) {
          throw new NoAdministrator('this person does not administer')
        }
        return Check.NO_NEED_TO_PROMPT
      }),
    )
  }

  return { flow, door, addChecks }
}

export type DeviceFlowOfAdministrators = ReturnType<typeof createDeviceFlow>
