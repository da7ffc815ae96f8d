import { embedding, isPrefetched } from '../../../pages/fetch-metadata.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { hashId } from '../../../storage/hash-id.ts'
import type { Attempt } from '../../attempt.ts'
import type { LoginMethod } from '../../method.ts'
import { mayUse } from './shown-here.ts'
import { startWalk, upstreamLimit, type StepDeps } from './start.ts'

/**
 * A portal that is registered with an upstream may name it in `idp_hint`. Then the browser goes there without a page of ours, once in
 * a login: a person who comes back sees the sign-in page. A person who is signed in already is asked here, because the upstream might
 * answer for them without a question.
 */
export function straightOn(deps: StepDeps): Required<Pick<LoginMethod, 'goesOn'>> {
  const networks = upstreamLimit(deps)
  const { artifacts, upstreams } = deps
  const ttl = deps.settings.lifetimes.interaction

  /** True for one of all looks at this login. */
  const isFirst = ({ id }: Attempt) => artifacts.add('upstream-straight', hashId(id), '', { ttl })

  return {
    async goesOn(ctx, attempt) {
      const { client, params, session } = attempt
      if (client.upstream === undefined || params['idp_hint'] !== client.upstream) return false
      if (session !== undefined || ctx.method !== 'GET' || ctx.query['way'] !== undefined) return false
      // what only looks at the page, such as a prefetch, must not spend the one time
      if (isPrefetched(ctx) || embedding(ctx) !== undefined) return false
      const known = upstreams.client(client.upstream)
      if (!known || !mayUse(known.upstream, attempt) || upstreams.isDown(client.upstream)) return false
      if (!(await isFirst(attempt)) || (await networks.count(requestOf(ctx))) > 0) return false
      return (await startWalk(deps, ctx, attempt, known)) === undefined
    },
  }
}
