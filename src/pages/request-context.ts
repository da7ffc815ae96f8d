import type { IncomingMessage } from 'node:http'
import type { Counted } from '../config/address-networks.ts'
import type { Language } from './languages.ts'

/** What the house knows of a request before any room sees it; made by src/http/browser-request.ts. */
export interface RequestContext {
  /** Reference number of the request: in the log, and on the page when something fails. */
  readonly id: string
  readonly language: Language
  /** The portal's wish for a language (OIDC `ui_locales`); the person's own choice goes before it. */
  wish(uiLocales: string): void
  /** Network address of the browser. Personal data: sealed in the audit trail, keyed in limits, never logged. */
  readonly address: string
  /** The narrowest of `networks`, to tell whether two requests came from one. Personal data as well. */
  readonly network: string
  /** The networks of the address that limits count by, the narrowest first. */
  readonly networks: readonly Counted[]
  /** The browser's own description, shortened. */
  readonly browser: string
  /** Origins a form of this page may lead on to beside our own (Content-Security-Policy form-action). */
  readonly formTargets: string[]
  /** Where the language switch of this page leads back to; must be an address that GET answers. */
  returnTo: string
  /** What tells this browser from others; asking for it sets a cookie that lasts. Personal data: keyed where it is kept. */
  device(): string
  /** The same where this browser has one already, '' otherwise; sets nothing. */
  readonly deviceBefore: string
  /** Login method this browser used last, and how to note it. */
  readonly lastWay: string
  keepWay(method: string): void
  /** Proves that a form was ours; asking for it sets the visitor's cookie. */
  csrf(): string
  csrfHolds(token: string): boolean
  /** Fields of the posted form, each once; CSRF already checked. */
  form: Readonly<Record<string, string>>
  t(key: string, parameters?: Record<string, string | number>): string
  /** Renders a page and sets the policy it needs. */
  render(view: string, data: Record<string, unknown>): string
}

/** The part of a koa context every room may use, ours and oidc-provider's alike. */
export interface PageContext {
  req: IncomingMessage
  status: number
  type: string
  body: unknown
}

/** On the request itself: oidc-provider makes koa contexts of its own for one request. */
const key = Symbol('request context')

interface WithContext extends IncomingMessage {
  [key]?: RequestContext
}

export function beginRequest(incoming: WithContext, request: RequestContext): void {
  incoming[key] = request
}

export function requestOf(context: { req: WithContext }): RequestContext {
  const request = context.req[key]
  if (!request) throw new Error('this request has no context')
  return request
}

/** Answers with a page in the visitor's language. */
export function showPage(context: PageContext, view: string, data: Record<string, unknown>, status = 200): void {
  const html = requestOf(context).render(view, data)
  context.status = status
  context.type = 'html'
  context.body = html
}
