import type { Context } from 'koa'

/** The wish for a language (OpenID Connect `ui_locales`) of a request as a query, and nothing else of its query. */
export function localesQuery({ query: { ui_locales: wish } }: Pick<Context, 'query'>): string {
  return typeof wish === 'string' ? `?${new URLSearchParams({ ui_locales: wish }).toString()}` : ''
}
