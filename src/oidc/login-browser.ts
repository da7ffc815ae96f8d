import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import type { Provider } from 'oidc-provider'
import { hostCookie } from '../pages/host-cookie.ts'
import type { LoginWentOn } from './went-on.ts'

type CookieContext = Pick<Context, 'req' | 'cookies'>

/** A running login, with the hashes of the browser secrets that it is bound to. */
export type Interaction = InstanceType<Provider['Interaction']> & {
  /** The browser that began it and may answer its questions. */
  browser?: string
  /** The browser that proved the person. Only this browser may continue with the result. */
  provenBy?: string
}

/**
 * A running login belongs to one browser (DESIGN 1.4; RFC 9700 section 4.7). Its address finds it.
 * A secret in a `__Host-` cookie of the browser opens it. No cookie of oidc-provider takes part.
 */
export interface LoginBrowsers {
  /**
   * The running login at an address, for its own browser.
   * It throws `LoginWentOn` when that login was resumed before.
   * @throws errors.SessionNotFound when there is none, another browser began it, or its session has ended
   */
  find(ctx: CookieContext, uid: string): Promise<Interaction>
  /**
   * Binds the result to a new secret. A stranger who planted or read the previous secret cannot continue with it.
   * The same person, proven the same way, gets the same secret: a form that is sent twice has one answer.
   */
  proven(ctx: CookieContext, interaction: Interaction): void
  /** Whether this browser gave the answer, and may continue with it. */
  answered(ctx: CookieContext, interaction: Interaction): boolean
  /** Where a login of this browser went that was resumed before. */
  wentOn(ctx: CookieContext, uid: string): Promise<LoginWentOn | undefined>
  /** Runs before oidc-provider. */
  middleware: Middleware
}

const secretBytes = 32
const cookieForm = /^[\w-]{43}(?:\.[\w-]{43}){0,3}$/
/** Per browser: the newest secret, and three older ones for logins that run in parallel. */
const mostSecrets = 4

export const hashOfSecret = (secret: string) => hash('sha256', `login\0${secret}`, 'base64url')

/** The secrets of each browser, in one cookie, the newest first. */
export function browserSecrets(secure: boolean) {
  const name = hostCookie('yideng_browser', secure)
  /** New secrets that the answer to this request carries. */
  const issued = new WeakMap<IncomingMessage, readonly string[]>()

  function read({ req }: CookieContext): readonly string[] {
    const known = issued.get(req)
    if (known) return known
    const found = (req.headers.cookie ?? '').split(';').flatMap((pair) => {
      const [key = '', value = ''] = pair.trim().split('=', 2)
      return key === name ? [value] : []
    })
    // two cookies of this name: over http another host may have set one of them
    const [only = ''] = found
    return found.length === 1 && cookieForm.test(only) ? only.split('.') : []
  }

  function renew(ctx: CookieContext, secret = randomBytes(secretBytes).toString('base64url')): string {
    const all = [...new Set([secret, ...read(ctx)])].slice(0, mostSecrets)
    issued.set(ctx.req, all)
    ctx.cookies.set(name, all.join('.'), { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true })
    return secret
  }

  return {
    newest: (ctx: CookieContext) => read(ctx)[0] ?? renew(ctx),
    renew,
    /** Compared in constant time. A login without a hash belongs to no browser. */
    includes(ctx: CookieContext, wantedHash: string | undefined): boolean {
      const wanted = Buffer.from(wantedHash ?? '')
      return read(ctx).some((secret) => {
        const has = Buffer.from(hashOfSecret(secret))
        return has.length === wanted.length && timingSafeEqual(has, wanted)
      })
    },
  }
}
