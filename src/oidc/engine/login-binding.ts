import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import { errors, Provider, type KoaContextWithOIDC } from 'oidc-provider'
import type { CookieKeys } from '../../keys/cookie-keys.ts'
import { deriveKey } from '../../keys/derived-key.ts'
import { hashOfSecret, browserSecrets, type Interaction, type LoginBrowsers } from '../login-browser.ts'
import { LoginWentOn, type WentOn, type WentOnLogins } from '../went-on.ts'

interface InteractionClass {
  readonly IN_PAYLOAD: readonly string[]
  readonly prototype: Interaction
  find(id: string): Promise<Interaction | undefined>
}

const resumeRoutes = new Set(['resume', 'device_resume'])

export interface BindingDeps {
  /** Cookies over https only. */
  secure: boolean
  wentOnLogins: WentOnLogins
  cookieKeys: Pick<CookieKeys, 'accepted'>
  /** Called for each new login, in the request that begins it. */
  began(ctx: KoaContextWithOIDC, login: Interaction): void
}

/**
 * Binds each login to the browser that began it. oidc-provider uses cookies with the path of one login instead.
 * Another host of the domain could set such a cookie, and only one login could run in a browser.
 */
export function bindLogins(
  provider: Provider,
  { secure, wentOnLogins, cookieKeys, began }: BindingDeps,
): LoginBrowsers {
  const secrets = browserSecrets(secure)
  const model = provider.Interaction as unknown as InteractionClass
  const inPayload = [...model.IN_PAYLOAD, 'browser', 'provenBy']
  Object.defineProperty(model, 'IN_PAYLOAD', { get: () => inPayload })

  /** Logins that a request resumed, and where they go. */
  const resumed = new WeakMap<IncomingMessage, { uid: string; went: Omit<WentOn, 'settled'> }>()
  /** Logins that a request would resume once more. */
  const missed = new WeakMap<IncomingMessage, string>()

  const destroy = model.prototype.destroy
  model.prototype.destroy = async function destroyOnce() {
    const { ctx } = Provider
    if (!ctx || !resumeRoutes.has(ctx.oidc.route)) return destroy.call(this)
    const went = whereItGoes(this)
    await wentOnLogins.begin(this.uid, went)
    try {
      await destroy.call(this)
    } catch (error) {
      if (error instanceof errors.SessionNotFound) missed.set(ctx.req, this.uid)
      throw error
    }
    resumed.set(ctx.req, { uid: this.uid, went })
  }

  const save = model.prototype.save
  model.prototype.save = function saveBound(ttl) {
    if (this.browser === undefined) {
      const { ctx } = Provider
      if (!ctx) throw new Error('a login begins in a request')
      this.browser = hashOfSecret(secrets.newest(ctx))
      began(ctx, this)
      const before = resumed.get(ctx.req)
      if (before) before.went.next = `/login/${this.uid}`
    }
    return save.call(this, ttl)
  }

  const mayContinue = (ctx: Parameters<LoginBrowsers['answered']>[0], { provenBy, browser }: Interaction) =>
    secrets.includes(ctx, provenBy ?? browser)

  /** Logins that their own browser tried to resume before the open question was answered. */
  const unanswered = new WeakMap<IncomingMessage, string>()
  const find = model.find.bind(model)
  model.find = async (id) => {
    const interaction = await find(id)
    const { ctx } = Provider
    if (!ctx || !resumeRoutes.has(ctx.oidc.route)) return interaction
    if (!interaction) {
      missed.set(ctx.req, id)
      return undefined
    }
    if (!mayContinue(ctx, interaction)) return undefined
    if (interaction.result) return interaction
    unanswered.set(ctx.req, interaction.uid)
    return undefined
  }

  ignoreLoginCookies(provider)

  async function wentOn(ctx: Parameters<LoginBrowsers['wentOn']>[0], uid: string) {
    const went = await wentOnLogins.find(uid)
    return went?.browsers.some((hashed) => secrets.includes(ctx, hashed)) ? new LoginWentOn(went) : undefined
  }

  return {
    wentOn,

    async find(ctx, uid) {
      const interaction = await model.find(uid)
      if (!interaction) throw (await wentOn(ctx, uid)) ?? new errors.SessionNotFound('no such login')
      if (!secrets.includes(ctx, interaction.browser)) throw new errors.SessionNotFound('the login of another browser')
      const { session } = interaction
      if (session?.uid) {
        const found = await provider.Session.findByUid(session.uid)
        if (found?.accountId !== session.accountId) throw new errors.SessionNotFound('the session ended or changed')
      }
      return interaction
    },

    answered: (ctx, interaction) => interaction.result !== undefined && mayContinue(ctx, interaction),

    proven(ctx, interaction) {
      const { accountId, acr, amr = [] } = interaction.result?.login ?? {}
      const key = deriveKey(cookieKeys.accepted()[0], 'login proof')
      const proof = JSON.stringify([interaction.uid, accountId, acr, amr])
      interaction.provenBy = hashOfSecret(
        secrets.renew(ctx, createHmac('sha256', key).update(proof).digest('base64url')),
      )
    },

    async middleware(ctx, next) {
      await next()
      const done = resumed.get(ctx.req)
      if (done) await wentOnLogins.settle(done.uid, done.went)
      const late = missed.get(ctx.req)
      const went = late === undefined ? undefined : await wentOn(ctx, late)
      if (went) throw went
      const open = unanswered.get(ctx.req)
      if (open === undefined) return
      ctx.status = 303
      ctx.redirect(`/login/${open}`)
    },
  }
}

function whereItGoes({ browser, provenBy, params }: Interaction): Omit<WentOn, 'settled'> {
  const { client_id: clientId, redirect_uri: redirectUri } = params
  return {
    browsers: [browser, provenBy].filter((hashed) => hashed !== undefined),
    clientId: String(clientId),
    ...(typeof redirectUri === 'string' ? { redirectUri } : {}),
  }
}

/**
 * oidc-provider's own login cookies are neither sent nor read. The address names the login that is resumed.
 * Koa creates the cookies object of a request at its first use, so its getter is replaced.
 */
function ignoreLoginCookies(provider: Provider): void {
  const [interactionCookie, resumeCookie] = [provider.cookieName('interaction'), provider.cookieName('resume')]
  const unused = new Set([interactionCookie, resumeCookie])
  const context = provider.context as object
  const descriptor = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(context), 'cookies')
  const make = descriptor?.get
  if (!make) throw new Error('koa has no cookies')
  const changed = new WeakSet<object>()
  Object.defineProperty(context, 'cookies', {
    ...descriptor,
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
