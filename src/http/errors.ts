import type { Context, Middleware } from 'koa'
import { errors } from 'oidc-provider'
import type { Logger } from 'pino'
import { isGone } from '../pages/bodies.ts'
import { programEndpoints } from '../oidc/program-endpoints.ts'
import { LoginWentOn } from '../oidc/went-on.ts'
import { beganAt } from '../login/began.ts'
import { portalOf } from '../oidc/pages.ts'
import { leadWhereItWent, type WentOnPageDeps } from '../login/went-on-page.ts'
import { TooManyCalls } from '../guards/portal-budgets.ts'
import { expected, unexpected, type Reason } from '../pages/reference.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import { retryAfterSeconds, isUnavailable } from '../storage/unavailable.ts'
import { Refusal, refusals, type RefusalCode } from '../refusal/refusal.ts'

/** The refusal for an error; an unexpected error is a server error. */
function codeOf(error: unknown): RefusalCode {
  if (isUnavailable(error)) return 'unavailable'
  // a form that arrived after its login went on or ended
  if (error instanceof errors.SessionNotFound || error instanceof LoginWentOn) return 'login_expired'
  if (error instanceof TooManyCalls) return 'too_many_requests'
  return error instanceof Refusal ? error.code : 'server_error'
}

/** The page that the failed request came from; undefined where that is the failed page itself, or unknown. */
function pageBefore(ctx: Context): string | undefined {
  const { returnTo } = requestOf(ctx)
  return returnTo === '/' || returnTo === ctx.url ? undefined : returnTo
}

/** The portal where this browser began the login of the address, and its own page; the store may fail, and the page comes without. */
async function wayBack({ issuer, findClient }: WentOnPageDeps, ctx: Context) {
  const request = requestOf(ctx)
  const [, id = ''] = /^\/login\/([\w-]+)/.exec(ctx.path) ?? []
  const began = await beganAt(request.began, id, findClient).catch(() => undefined)
  if (!began || began.origin === issuer) return {}
  return { portal: portalOf(began.client, request.language, began.redirectUri), portalUrl: began.origin }
}

/** A page opens a stream, but its login went on: it can show no page and follow no redirect. */
const asksForEvents = (ctx: Context) => ctx.accepts('html', 'json', 'text/event-stream') === 'text/event-stream'

/** Tells the browser not to open the stream again (HTML Living Standard 9.2.2: 204). */
function endEvents(ctx: Context, status: number): void {
  ctx.body = null
  ctx.status = status < 500 ? 204 : status
}

/** Ends every request that failed with a calm page and a reference number; `refer` takes the reason. */
export function calmErrors(log: Logger, wentOn: WentOnPageDeps): Middleware {
  const refuse = async (ctx: Context, code: RefusalCode, why: Partial<Reason> = {}, retryAfter?: number) => {
    const status = refusals[code]
    const reference = requestOf(ctx).refer({ code, status, ...why })
    ctx.remove('location') // a code that could not be audited is not shown
    if (retryAfter !== undefined) ctx.set('retry-after', String(retryAfter))
    if (code === 'unavailable') ctx.set('retry-after', retryAfterSeconds)
    if (asksForEvents(ctx)) {
      endEvents(ctx, status)
    } else if (programEndpoints.has(ctx.path) || ctx.accepts('html', 'json') === 'json') {
      ctx.status = status
      ctx.body = { error: code, reference }
    } else {
      const way = code === 'login_expired' ? await wayBack(wentOn, ctx) : {}
      showPage(ctx, 'error/error', { code, reference, backUrl: pageBefore(ctx), ...way }, status)
    }
  }

  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      const { id } = requestOf(ctx)
      if (isGone(ctx.req)) {
        log.debug({ id, err: error }, 'the client went away')
        ctx.status = 400
        return
      }
      if (error instanceof LoginWentOn && !asksForEvents(ctx) && ctx.accepts('html', 'json') !== 'json')
        return leadWhereItWent(wentOn, ctx, error.went)
      const code = codeOf(error)
      if (isUnavailable(error)) log.error({ id, err: error }, 'a store is unavailable')
      else if (code === 'server_error') log.error({ id, err: error }, 'request failed')
      const why = isUnavailable(error) || code === 'server_error' ? unexpected(error) : expected(error)
      await refuse(
        ctx,
        code,
        why,
        error instanceof Refusal || error instanceof TooManyCalls ? error.retryAfter : undefined,
      )
      return undefined
    }
    if (ctx.status === 404 && (ctx.body === undefined || ctx.body === null)) await refuse(ctx, 'not_found')
    else if (ctx.status === 405 && !ctx.body) await refuse(ctx, 'method_not_allowed')
  }
}
