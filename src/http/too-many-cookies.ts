import type { Middleware } from 'koa'
import { languages, type Language } from '../pages/languages.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import type { Translate } from '../pages/words.ts'

/** Limit for all headers of a request: twice that of Node.js, so that a page can explain the problem. */
export const mostHeaderBytes = 32 * 1024
/** Limit for cookies. Ours are below one kilobyte, but another host of the same domain may set any number. */
const mostCookieBytes = 16 * 1024

const clearPath = '/cookies/clear'

/**
 * Shows a page to a browser that another host has filled with cookies. Its button clears them (Clear-Site-Data, https
 * only). They are those of the whole domain, so only our own page may ask for it.
 */
export function refuseTooManyCookies(issuer: string): Middleware {
  const secure = issuer.startsWith('https:')
  return (ctx, next) => {
    if ((ctx.req.headers.cookie ?? '').length <= mostCookieBytes) return next()
    const cleared = secure && ctx.method === 'POST' && ctx.path === clearPath && ctx.get('origin') === issuer
    if (cleared) ctx.set('clear-site-data', '"cookies"')
    requestOf(ctx).returnTo = '/'
    const data = { cleared, ...(secure ? { clearAction: clearPath } : {}) }
    showPage(ctx, 'error/cookies', data, cleared ? 200 : 431)
    return undefined
  }
}

/** The same as plain HTML in all languages, for headers too large to read. A style sheet could not be loaded either. */
export function plainCookiesPage(words: (language: Language) => Translate): string {
  const parts = languages.map((language) => {
    const t = words(language)
    const [title, text, byHand] = ['title', 'text', 'by_hand'].map((key) => t(`errors.too_many_cookies.${key}`))
    return `<section lang="${language}"><h1>${title}</h1><p>${text}</p><p>${byHand}</p></section>`
  })
  const head =
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Yideng</title>'
  return `<!doctype html><html lang="${languages[0]}"><head>${head}</head><body><main>${parts.join('')}</main></body></html>`
}
