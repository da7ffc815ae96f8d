import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context, Middleware } from 'koa'
import { dayMs } from '../config/time.ts'
import type { Clock } from '../config/clock.ts'
import { forwardedAddress, networksOf, type Counted } from '../config/address-networks.ts'
import { containerOf, type Container } from '../pages/container.ts'
import { deviceKindOf } from '../pages/device-kind.ts'
import { chooseLanguage, type Language } from '../pages/languages.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import type { Pages } from '../pages/render.ts'
import { beginRequest, type KeeperSignal, type RequestContext } from '../pages/request-context.ts'
import { newReference, type Reason, type Referred } from '../pages/reference.ts'
import type { Translate } from '../pages/words.ts'
import { withoutShapeless } from '../text/visible.ts'
import { masked, unmasked } from './masked-token.ts'
import { methodOf, routeOf } from './metrics.ts'

export interface RequestContextDeps {
  pages: Pages
  words: (language: Language) => Translate
  /** The current key, which signs. */
  csrfKeys: () => readonly [string, ...string[]]
  secure: boolean
  trustProxy: boolean
  clock: Clock
  /** Takes the reason of an answer with a reference number. */
  referred(reason: Referred): void
}

const visitorBytes = 18
const visitorForm = /^[\w-]{24}$/
/** A login method, and the id of an upstream or a channel. */
const wayForm = /^([a-z]{2,20})(?::([a-z0-9-]{1,32}))?$/
/** Browsers keep a cookie for at most 400 days. */
const lasting = 400 * dayMs
const browserLength = 160

/** Creates the context of each request that may end in a page. */
export function requestContexts(deps: RequestContextDeps): Middleware {
  return (ctx, next) => {
    beginRequest(ctx.req, new BrowserRequest(ctx, deps))
    return next()
  }
}

function addressOf(ctx: Context, trustProxy: boolean): string {
  const headers = () => ({ xForwardedFor: ctx.get('x-forwarded-for'), forwarded: ctx.get('forwarded') })
  return (trustProxy && forwardedAddress(headers())) || ctx.req.socket.remoteAddress || ''
}

/** Most requests come from portals and use no language, nonce or form: these are created on first use. */
class BrowserRequest implements RequestContext {
  readonly formTargets: string[] = []
  readonly connectTargets: string[] = []
  readonly signals: KeeperSignal[] = []
  form: Readonly<Record<string, string>> = {}
  returnTo: string
  referred = false
  readonly #ctx: Context
  readonly #parts: RequestContextDeps
  #id: string | undefined
  #nonce: string | undefined
  readonly #given = new Map<string, string>()
  #language: Language | undefined
  #networks: readonly Counted[] | undefined

  constructor(ctx: Context, deps: RequestContextDeps) {
    this.#ctx = ctx
    this.#parts = deps
    this.returnTo = ctx.method === 'GET' ? ctx.url : '/'
  }

  get id(): string {
    this.#id ??= newReference()
    return this.#id
  }

  refer(reason: Reason): string {
    const { id: reference } = this
    this.referred = true
    const at = new Date(this.#parts.clock()).toISOString()
    const asked = { method: methodOf(this.#ctx.method), route: routeOf(this.#ctx) }
    this.#parts.referred({ reference, at, ...asked, ...reason })
    return reference
  }

  get language(): Language {
    this.#language ??= this.#choose(this.#wishInAddress())
    return this.#language
  }

  wish(uiLocales: string): void {
    this.#language = this.#choose(uiLocales)
  }

  /** `ui_locales` of /authorize and /logout, for their error pages too. */
  #wishInAddress(): string {
    const { ui_locales: wish } = this.#ctx.query
    return (Array.isArray(wish) ? wish[0] : wish) ?? ''
  }

  #choose(uiLocales: string): Language {
    const cookie = this.#cookie('yideng_language')
    return chooseLanguage({ cookie, uiLocales, acceptLanguage: this.#ctx.get('accept-language') })
  }

  get elder(): boolean {
    return this.#cookie('yideng_elder') === '1'
  }

  get nonce(): string {
    this.#nonce ??= randomBytes(16).toString('base64')
    return this.#nonce
  }

  get address(): string {
    return addressOf(this.#ctx, this.#parts.trustProxy)
  }

  get network(): string {
    return this.networks[0]?.key ?? ''
  }

  get networks(): readonly Counted[] {
    this.#networks ??= networksOf(this.address)
    return this.#networks
  }

  get browser(): string {
    return withoutShapeless(this.#ctx.get('user-agent').slice(0, browserLength))
  }

  get deviceKind(): 'phone' | 'computer' {
    return deviceKindOf({ hint: this.#ctx.get('sec-ch-ua-mobile'), userAgent: this.#ctx.get('user-agent') })
  }

  get container(): Container | undefined {
    return containerOf(this.#ctx.get('user-agent'))
  }

  t(key: string, parameters?: Record<string, string | number>): string {
    return this.#parts.words(this.language)(key, parameters)
  }

  render(view: string, data: Record<string, unknown>): string {
    const { nonce, returnTo: path, elder, signals } = this
    this.#ctx.set('content-security-policy', pagePolicy(nonce, this))
    return this.#parts.pages.render(view, this.language, data, { nonce, path, elder, signals })
  }

  csrf(): string {
    const [signer] = this.#parts.csrfKeys()
    return masked(tokenFor(this.#identify('yideng_visitor'), signer))
  }

  device(): string {
    return this.#identify('yideng_device', lasting)
  }

  get deviceBefore(): string {
    const known = this.#cookie('yideng_device')
    return visitorForm.test(known) ? known : ''
  }

  get lastWay(): string {
    return wayForm.exec(this.#cookie('yideng_way'))?.[1] ?? ''
  }

  get lastSystem(): string {
    return wayForm.exec(this.#cookie('yideng_way'))?.[2] ?? ''
  }

  keepWay(method: string, system?: string): void {
    this.#setCookie('yideng_way', system === undefined ? method : `${method}:${system}`, lasting)
  }

  get began(): string {
    return this.#cookie('yideng_began')
  }

  keepBegan(logins: string): void {
    this.#setCookie('yideng_began', logins, dayMs)
  }

  /** The random id of this browser in a cookie; a new one when there is none. */
  #identify(cookie: string, maxAge?: number): string {
    const known = this.#given.get(cookie) ?? this.#cookie(cookie)
    if (visitorForm.test(known)) return known
    const made = randomBytes(visitorBytes).toString('base64url')
    this.#given.set(cookie, made)
    this.#setCookie(cookie, made, maxAge)
    return made
  }

  #setCookie(name: string, value: string, maxAge?: number): void {
    const { secure } = this.#parts
    const always = { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true } as const
    this.#ctx.cookies.set(hostCookie(name, secure), value, maxAge === undefined ? always : { ...always, maxAge })
  }

  csrfHolds(token: string): boolean {
    const visitor = this.#cookie('yideng_visitor')
    if (!visitorForm.test(visitor)) return false
    const given = unmasked(token)
    return this.#parts.csrfKeys().some((key) => {
      const expected = tokenFor(visitor, key)
      return given.length === expected.length && timingSafeEqual(given, expected)
    })
  }

  #cookie(name: string): string {
    return this.#ctx.cookies.get(hostCookie(name, this.#parts.secure), { signed: false }) ?? ''
  }
}

const tokenFor = (visitor: string, key: string) => createHmac('sha256', key).update(`csrf\0${visitor}`).digest()

/** The content security policy of our pages: own style sheet, no framing, forms only to us and to this portal. */
function pagePolicy(
  nonce: string,
  { formTargets, connectTargets }: Pick<RequestContext, 'formTargets' | 'connectTargets'>,
): string {
  const targets = [...new Set(formTargets)].join(' ')
  return `${basePolicy(connectTargets)};script-src 'nonce-${nonce}';form-action 'self' ${targets}`.trimEnd()
}

const basePolicy = (connectTargets: readonly string[] = []) =>
  `default-src 'none';style-src 'self';img-src 'self' data:;manifest-src 'self';connect-src ${["'self'", ...connectTargets].join(' ')};base-uri 'none';frame-ancestors 'none'`

/** The policy of oidc-provider's own pages. Its self-submitting form adds the hash of its script to script-src. */
export const answerPolicy = `${basePolicy()};script-src 'self'`
