import type { RouterContext } from '@koa/router'

/** After a form: on to a page, by GET. */
export function redirectTo(ctx: RouterContext, path: string): void {
  ctx.status = 303
  ctx.redirect(path)
}

export const idOf = (ctx: RouterContext): string => ctx['params']['id'] ?? ''

/** Which page of a list is asked for, from 1; whatever else is asked for is the first. */
export function pageOf(ctx: RouterContext): number {
  const { page } = ctx.query
  return typeof page === 'string' && /^[1-9]\d{0,3}$/.test(page) ? Number(page) : 1
}

/** One page of a list that was asked for with one entry more than it shows. */
export function onePage<T>(found: readonly T[], page: number, size: number) {
  return { entries: found.slice(0, size), page, more: found.length > size }
}

/** What was just done, as the address says; nothing for what no form of the page leads to. */
export function doneOf(ctx: RouterContext, known: readonly string[]): string {
  const { done } = ctx.query
  return known.find((one) => one === done) ?? ''
}
