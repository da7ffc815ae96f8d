import type { IncomingMessage } from 'node:http'
import type { Counted } from '../config/address-networks.ts'
import type { Container } from './container.ts'
import type { DeviceKind } from './device-kind.ts'
import type { Language } from './languages.ts'
import type { Reason } from './reference.ts'

/** A call of `PublicKeyCredential.<method>` in the browser, for the keeper of its passkeys (WebAuthn Level 3, 5.1.10). */
export interface KeeperSignal {
  readonly method: 'signalAllAcceptedCredentials' | 'signalUnknownCredential'
  readonly options: Readonly<Record<string, string | readonly string[]>>
}

/** Everything known about a request before its route runs; src/http/browser-request.ts makes it. */
export interface RequestContext {
  /** Reference number of the request, in the log. An answer shows it by `refer` only. */
  readonly id: string
  /** The reference number for an answer. Its reason goes to the log, and to `yideng doctor --reference`. */
  refer(reason: Reason): string
  /** Whether the answer shows a reference number. */
  readonly referred: boolean
  readonly language: Language
  /** Takes the portal's wish for a language (OIDC `ui_locales`); the person's own choice has priority. */
  wish(uiLocales: string): void
  /** Network address of the browser. Personal data: encrypted in the audit log, keyed in limits, never logged. */
  readonly address: string
  /** The narrowest of `networks`, to compare two requests. Personal data. */
  readonly network: string
  /** The networks of the address that limits count by, the narrowest first. */
  readonly networks: readonly Counted[]
  /** User agent, shortened. */
  readonly browser: string
  /** Phone or computer; a kiosk is known by its portal only. */
  readonly deviceKind: Exclude<DeviceKind, 'kiosk'>
  /** The app around the page; undefined in a usual browser. */
  readonly container: Container | undefined
  /** 关怀版: one question a page, large text and large buttons. */
  readonly elder: boolean
  /** Other origins that a form of this page may redirect to (Content-Security-Policy form-action). */
  readonly formTargets: string[]
  /** Other origins that the scripts of this page may ask: programs on the person's computer (connect-src). */
  readonly connectTargets: string[]
  /** What the page of this answer tells the keeper of passkeys. */
  readonly signals: KeeperSignal[]
  /** Path that GET answers. The language switch, a sign-in on the way and an error page lead back to it. */
  returnTo: string
  /** Identifier of this browser; sets a lasting cookie. Personal data: stored keyed only. */
  device(): string
  /** The identifier that the browser already has, else ''; sets no cookie. */
  readonly deviceBefore: string
  /** Login method of the last sign-in of this browser. `keepWay` stores it in a cookie. */
  readonly lastWay: string
  /** Id of the upstream or channel of that sign-in, else ''. */
  readonly lastSystem: string
  keepWay(method: string, system?: string): void
  /** The logins that this browser began (login/began.ts). `keepBegan` stores them in a cookie for a day. */
  readonly began: string
  keepBegan(logins: string): void
  /** CSRF token for a form of this page, another one at each call; sets the cookie that it is bound to. */
  csrf(): string
  csrfHolds(token: string): boolean
  /** Fields of the posted form, each once; the CSRF token is checked before. */
  form: Readonly<Record<string, string>>
  t(key: string, parameters?: Record<string, string | number>): string
  /** Renders a page and sets the policy it needs. */
  render(view: string, data: Record<string, unknown>): string
}

/** The members of a koa context that our routes and oidc-provider's have in common. */
export interface PageContext {
  req: IncomingMessage
  status: number
  type: string
  body: unknown
}

/** The key is on the Node.js request: oidc-provider creates koa contexts of its own for one request. */
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
