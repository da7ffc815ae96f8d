import type { RouterContext } from '@koa/router'

/** Redirects after a form: the browser gets the page by GET. */
export function redirectTo(ctx: RouterContext, path: string): void {
  ctx.status = 303
  ctx.redirect(path)
}

export const idOf = (ctx: RouterContext): string => ctx['params']['id'] ?? ''

/** Number of the requested page of a list, from 1; any malformed number is 1. */
export function pageOf(ctx: RouterContext): number {
  const { page } = ctx.query
  return typeof page === 'string' && /^[1-9]\d{0,3}$/.test(page) ? Number(page) : 1
}

/** One page of a list. `found` holds one entry more than the page where there is a next page. */
export function onePage<T>(found: readonly T[], page: number, size: number) {
  return { entries: found.slice(0, size), page, more: found.length > size }
}

/** The act that the page confirms: query parameter `done`, or '' for a value that is not in `known`. */
export function doneOf(ctx: RouterContext, known: readonly string[]): string {
  const { done } = ctx.query
  return known.find((one) => one === done) ?? ''
}
