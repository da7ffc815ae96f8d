import type { Middleware } from 'koa'
import { languages, type Language } from '../pages/languages.ts'
import { showPage, requestOf } from '../pages/request-context.ts'
import type { Translate } from '../pages/words.ts'

/** All headers of a request. Twice Node.js' own limit, so that a page can say what is wrong. */
export const mostHeaderBytes = 32 * 1024
/** Our own cookies are below one kilobyte; another host of the same domain may set as many as it likes. */
const mostCookieBytes = 16 * 1024

const clearPath = '/cookies/clear'

/**
 * A browser that another host has filled with cookies gets a page that says so, and a button that clears them
 * (Clear-Site-Data, https only). They are those of the whole domain, so only our own page may ask for it.
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

/** The same in plain words, in all languages, for headers too large to be read: no style sheet could be loaded either. */
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
