import { requestOf } from '../pages/request-context.ts'
import type { RouterContext } from './method.ts'

/** The address of this request holds a secret: nothing keeps it, and an error page does not lead to it. */
export function unseen(ctx: RouterContext): void {
  ctx.set('cache-control', 'no-store')
  ctx.set('referrer-policy', 'no-referrer')
  requestOf(ctx).returnTo = '/'
}
