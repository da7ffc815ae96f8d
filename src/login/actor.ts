import { requestOf } from '../pages/request-context.ts'
import type { RouterContext } from './method.ts'

/** The person at this browser, as the audit log records an actor. */
export function actorOf(ctx: RouterContext) {
  const { address, browser } = requestOf(ctx)
  return { actor: 'person', restricted: { address, browser } }
}
