import { regionName } from '../../../config/regions.ts'
import { requestOf } from '../../../pages/request-context.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import { pathOf, type Attempt } from '../../attempt.ts'
import type { LoginMethod, RouterContext } from '../../method.ts'
import { byPlace, namesOf, nearest, type Known } from './by-city.ts'
import { formTargetsOf, shownHere } from './shown-here.ts'
import { name, type UpstreamDeps } from './upstream-deps.ts'

type Deps = Pick<UpstreamDeps, 'upstreams'>

/** A list of more has a field to search in. */
const shortList = 8

/** What this page knows of the person (by-city.ts). */
function knownOf(ctx: RouterContext, { client, params }: Attempt): Known {
  const { lastWay, lastSystem } = requestOf(ctx)
  const { at } = ctx.query
  const hint = params['idp_hint']
  return {
    chosen: typeof at === 'string' ? at : undefined,
    hint: typeof hint === 'string' ? hint : undefined,
    last: lastWay === name ? lastSystem : undefined,
    own: client.upstream,
    region: client.region,
  }
}

/**
 * The upstreams on the sign-in page: a button for the nearest one, and a page of its own with the list by region. They depend on the
 * request, the browser and the portal, never on an account. States are from memory.
 */
export function signInPart(deps: Deps): Required<Pick<LoginMethod, 'here' | 'part'>> {
  const { upstreams } = deps
  const shownTo = (attempt: Attempt) => shownHere(upstreams.list(), attempt)

  return {
    // the request counts first, then a habit of the browser, then the registration of the portal
    here(ctx, attempt) {
      const { hint, own } = knownOf(ctx, attempt)
      const { lastWay } = requestOf(ctx)
      const asked = shownTo(attempt).find(({ id }) => id === hint || (id === own && ['', name].includes(lastWay)))
      return asked !== undefined && !upstreams.isDown(asked.id)
    },
    async part(ctx, attempt) {
      const list = shownTo(attempt)
      const known = knownOf(ctx, attempt)
      const one = nearest(list, known)
      // a form may lead only where the policy of its page says
      if (one) requestOf(ctx).formTargets.push(...formTargetsOf(one))
      const others = list.filter((other) => other !== one)
      const isChosen = one !== undefined && one.id === known.chosen
      const hasList = ctx.query['way'] === name && !isChosen
      return {
        scripts: hasList && others.length > shortList ? ['find.js'] : [],
        one: one && { name: one.name, start: startOf(attempt, one.id), down: upstreams.isDown(one.id) },
        listUrl: others.length > 0 ? listOf(attempt) : undefined,
        list: hasList ? listShown(deps, ctx, attempt, others) : undefined,
      }
    },
  }
}

const startOf = (attempt: Attempt, id: string) => pathOf(attempt, `${name}/${id}/start`)
const listOf = (attempt: Attempt) => `${pathOf(attempt)}?way=${name}`

/** The list by region. */
function listShown({ upstreams }: Deps, ctx: RouterContext, attempt: Attempt, others: readonly Upstream[]) {
  const { language } = requestOf(ctx)
  const row = (one: Upstream) => {
    const place = one.region === undefined ? '' : regionName(one.region, language)
    return {
      href: `${listOf(attempt)}&at=${one.id}`,
      words: one.name,
      // 佛山市统一身份认证 says the city already
      more: one.name.includes(place) ? '' : place,
      find: namesOf(one).join(' '),
      down: upstreams.isDown(one.id),
    }
  }
  return {
    searched: others.length > shortList,
    places: byPlace(others, attempt.client.region).map(({ kind, upstreams: here }) => ({ kind, rows: here.map(row) })),
  }
}
