import type { AccountContext, RouterContext } from '../login/method.ts'
import { doneOf } from '../pages/redirect.ts'
import type { SessionMemoryDeps } from './session-memory.ts'
import { lostIdOf, lostUnder } from './undo-memory.ts'

const ways = ['removed', 'withdrawn', 'given_back', 'declined', 'regranted', 'late']

/** The last act on mandates that a page reports, and the id of the mandate that may be given again. */
export async function mandateDone(deps: SessionMemoryDeps, ctx: RouterContext, account: AccountContext) {
  const done = doneOf(ctx, ways)
  const id = lostIdOf(ctx)
  const lost = done === 'removed' || done === 'withdrawn' ? await lostUnder(deps, account, id, 'mandate') : undefined
  return { done, name: lost?.name ?? '', undo: lost ? id : '' }
}
