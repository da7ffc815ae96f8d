import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import { Provider, errors } from 'oidc-provider'
import { hostCookie } from '../pages/host-cookie.ts'

type CookieContext = Pick<Context, 'req' | 'cookies'>

/** A running login with the hashes of the browser secrets it is bound to. */
export type Interaction = InstanceType<Provider['Interaction']> & {
  /** Whoever began it may answer its questions. */
  browser?: string
  /** Whoever proved who they are: only that browser goes on with the result. */
  provenBy?: string
}

interface InteractionClass {
  readonly IN_PAYLOAD: readonly string[]
  readonly prototype: Interaction
  find(id: string): Promise<Interaction | undefined>
}

const secretBytes = 32
const cookieForm = /^[\w-]{43}(?:\.[\w-]{43}){0,3}$/
/** Of one browser: the newest, and three before it for logins that run side by side. */
const mostSecrets = 4
const resumeRoutes = new Set(['resume', 'device_resume'])

/**
 * A running login belongs to one browser (DESIGN 1.4; RFC 9700 section 4.7): its address finds it, and a secret that the
 * browser has in a `__Host-` cookie opens it. No cookie of oidc-provider's takes part.
 */
export interface LoginBrowsers {
  /**
   * The running login at an address, for the browser it belongs to.
   * @throws errors.SessionNotFound when there is none, it is another browser's, or the session it is for has ended
   */
  find(ctx: CookieContext, uid: string): Promise<Interaction>
  /** Binds the result to a new secret: whoever planted or read the one before cannot go on with it. */
  proven(ctx: CookieContext, interaction: Interaction): void
  /** Stands before oidc-provider. */
  middleware: Middleware
}

/** Makes each login of the provider belong to the browser that began it. */
export function bindLogins(provider: Provider, secure: boolean): LoginBrowsers {
  const secrets = browserSecrets(secure)
  const model = provider.Interaction as unknown as InteractionClass
  const inPayload = [...model.IN_PAYLOAD, 'browser', 'provenBy']
  Object.defineProperty(model, 'IN_PAYLOAD', { get: () => inPayload })

  const save = model.prototype.save
  model.prototype.save = function saveBound(ttl) {
    if (this.browser === undefined) {
      const { ctx } = Provider
      if (!ctx) throw new Error('a login begins in a request')
      this.browser = keyOf(secrets.newest(ctx))
    }
    return save.call(this, ttl)
  }

  /** Logins that a browser of theirs tried to go on with before the open question was answered. */
  const unanswered = new WeakMap<IncomingMessage, string>()
  const find = model.find.bind(model)
  model.find = async (id) => {
    const interaction = await find(id)
    const { ctx } = Provider
    if (!interaction || !ctx || !resumeRoutes.has(ctx.oidc.route)) return interaction
    if (!secrets.hold(ctx, interaction.provenBy ?? interaction.browser)) return undefined
    if (interaction.result) return interaction
    unanswered.set(ctx.req, interaction.uid)
    return undefined
  }

  keepOffCookies(provider)

  return {
    async find(ctx, uid) {
      const interaction = await model.find(uid)
      if (!interaction) throw new errors.SessionNotFound('no such login')
      if (!secrets.hold(ctx, interaction.browser)) throw new errors.SessionNotFound('the login of another browser')
      const { session } = interaction
      if (session?.uid) {
        const found = await provider.Session.findByUid(session.uid)
        if (found?.accountId !== session.accountId) throw new errors.SessionNotFound('the session ended or changed')
      }
      return interaction
    },

    proven(ctx, interaction) {
      interaction.provenBy = keyOf(secrets.renew(ctx))
    },

    async middleware(ctx, next) {
      await next()
      const open = unanswered.get(ctx.req)
      if (open === undefined) return
      ctx.status = 303
      ctx.redirect(`/login/${open}`)
    },
  }
}

/**
 * oidc-provider's own cookies of a login are neither sent nor read: another host could set them, and for one path only. The
 * address says which login is resumed. Koa makes the cookies of a request when they are first asked for.
 */
function keepOffCookies(provider: Provider): void {
  const [interactionCookie, resumeCookie] = [provider.cookieName('interaction'), provider.cookieName('resume')]
  const unused = new Set([interactionCookie, resumeCookie])
  const context = provider.context as object
  const koas = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(context), 'cookies')
  const make = koas?.get
  if (!make) throw new Error('koa has no cookies')
  const changed = new WeakSet<object>()
  Object.defineProperty(context, 'cookies', {
    ...koas,
    get(this: Context) {
      const cookies = make.call(this) as Context['cookies']
      if (changed.has(cookies)) return cookies
      changed.add(cookies)
      const { get, set } = cookies
      cookies.get = ((name: string, ...rest: []) =>
        name === resumeCookie ? this['params']?.uid : get.call(cookies, name, ...rest)) as typeof get
      cookies.set = (name, ...rest) => (unused.has(name) ? cookies : set.call(cookies, name, ...rest))
      return cookies
    },
  })
}

const keyOf = (secret: string) => hash('sha256', `login\0${secret}`, 'base64url')

/** The secrets of each browser, in one cookie, the newest first. */
function browserSecrets(secure: boolean) {
  const name = hostCookie('yideng_browser', secure)
  /** What this request's browser was given in the answer to it. */
  const given = new WeakMap<IncomingMessage, readonly string[]>()

  function read({ req }: CookieContext): readonly string[] {
    const known = given.get(req)
    if (known) return known
    const found = (req.headers.cookie ?? '').split(';').flatMap((pair) => {
      const [key = '', value = ''] = pair.trim().split('=', 2)
      return key === name ? [value] : []
    })
    // two of one name: over http another host may have set one of them
    const [only = ''] = found
    return found.length === 1 && cookieForm.test(only) ? only.split('.') : []
  }

  function renew(ctx: CookieContext): string {
    const secret = randomBytes(secretBytes).toString('base64url')
    const all = [secret, ...read(ctx)].slice(0, mostSecrets)
    given.set(ctx.req, all)
    ctx.cookies.set(name, all.join('.'), { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true })
    return secret
  }

  return {
    newest: (ctx: CookieContext) => read(ctx)[0] ?? renew(ctx),
    renew,
    /** Compared in constant time; no login without a key is anybody's. */
    hold(ctx: CookieContext, key: string | undefined): boolean {
      const wanted = Buffer.from(key ?? '')
      return read(ctx).some((secret) => {
        const has = Buffer.from(keyOf(secret))
        return has.length === wanted.length && timingSafeEqual(has, wanted)
      })
    },
  }
}
