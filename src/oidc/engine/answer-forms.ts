import type { Context, Middleware } from 'koa'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { requestOf, showPage } from '../../pages/request-context.ts'
import { handled } from '../device-answers.ts'
import { formTarget, localesOf, pathOfLogout, sameLogout } from '../pages.ts'
import { internalsOf } from './internals.ts'

/** @internal The page of oidc-provider that sends a form by its script. */
export const itsForm = '<title>Submitting Callback</title>'

/** What a page of ours sends by POST: by its script, or by its button. */
interface SentForm {
  /** It signs out here, and does not go to a portal. */
  signsOut: boolean
  action: string
  fields: Readonly<Record<string, unknown>>
}

function showForm(ctx: Context, { signsOut, action, fields }: SentForm, status: number): void {
  const inputs = Object.entries(fields).map(([name, value]) => ({ name, value: String(value) }))
  showPage(ctx, 'onward/form', { signsOut, action, inputs }, status)
}

/** `response_mode=form_post` (OAuth 2.0 Form Post Response Mode 1.0): its page has our layout and the language of the person. */
export function sendFormsByOwnPage(provider: Provider): void {
  internalsOf(provider).responseModes.set('form_post', (ctx: Context, action: string, answer: object) => {
    const request = requestOf(ctx)
    request.wish(localesOf(ctx as unknown as KoaContextWithOIDC))
    request.returnTo = '/' // its login has ended
    // Chromium applies `form-action` to the redirects of the portal after this form too
    request.formTargets.push('*', formTarget(action))
    showForm(ctx, { signsOut: false, action, fields: { ...answer } }, 'error' in answer ? 400 : 200)
  })
}

const signOutRoutes: ReadonlySet<string> = new Set(['end_session', 'resume', 'device_resume'])

/** The sign-out of a browser without a session asks nothing, and its page has no hook in oidc-provider. */
export const ownSignOutForms: Middleware = async (ctx, next) => {
  await next()
  const answered = typeof ctx.body === 'string' && ctx.body.includes(itsForm) ? handled(ctx) : undefined
  if (!answered || !signOutRoutes.has(answered.oidc.route)) return
  const { session, route } = answered.oidc
  const state = session?.state as { secret: string; postLogoutRedirectUri?: string } | undefined
  const locales = localesOf(answered)
  const request = requestOf(ctx)
  request.wish(locales)
  request.returnTo = route === 'end_session' ? sameLogout(answered) : '/'
  if (state?.postLogoutRedirectUri !== undefined) request.formTargets.push(formTarget(state.postLogoutRedirectUri))
  const query = locales && `?${new URLSearchParams({ ui_locales: locales }).toString()}`
  const action = `${pathOfLogout(answered)}/confirm${query}`
  showForm(ctx, { signsOut: true, action, fields: { xsrf: state?.secret, logout: 'yes' } }, 200)
}
