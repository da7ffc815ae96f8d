import { createHash, randomBytes } from 'node:crypto'
import { hostCookie } from '../../../pages/host-cookie.ts'
import type { RouterContext } from '../../method.ts'

const form = /^[\w-]{43}$/

/** Identifies the two browsers of a QR login by a cookie bound to this host; only its hash is stored. */
export interface BrowserKeys {
  /** Sets the cookie where there is none. */
  make(ctx: RouterContext, role: 'waiter' | 'scanner'): string
  /** Undefined for a browser without the cookie. */
  read(ctx: RouterContext, role: 'waiter' | 'scanner'): string | undefined
}

export function createBrowserKeys(secure: boolean): BrowserKeys {
  const name = hostCookie('yideng_qr', secure)
  const keyOf = (cookie: string, role: string) => createHash('sha256').update(`${role}\0${cookie}`).digest('base64url')

  function read(ctx: RouterContext, role: 'waiter' | 'scanner') {
    const cookie = ctx.cookies.get(name, { signed: false }) ?? ''
    return form.test(cookie) ? keyOf(cookie, role) : undefined
  }

  return {
    read,
    make(ctx, role) {
      const known = read(ctx, role)
      if (known !== undefined) return known
      const cookie = randomBytes(32).toString('base64url')
      ctx.cookies.set(name, cookie, { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true })
      return keyOf(cookie, role)
    },
  }
}
