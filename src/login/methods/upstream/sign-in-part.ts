import { regionName } from '../../../config/regions.ts'
import { requestOf } from '../../../pages/request-context.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'
import { pathOf, type Attempt } from '../../attempt.ts'
import type { LoginMethod, RouterContext } from '../../method.ts'
import { byPlace, matching, nearest, type Known } from './by-city.ts'
import { formTargetsOf, shownHere } from './shown-here.ts'
import { name, type UpstreamDeps } from './upstream-deps.ts'

type Deps = Pick<UpstreamDeps, 'upstreams'>

/** A list of more has a field to search in. */
const shortList = 8
/** Characters of a search. */
const longestTyped = 40

const textIn = (ctx: RouterContext, key: string, most: number) => {
  const value = ctx.query[key]
  return typeof value === 'string' ? value.slice(0, most) : ''
}

/** What this page knows of the person (by-city.ts). */
function knownOf(ctx: RouterContext, { client, params }: Attempt): Known {
  const { lastWay, lastSystem } = requestOf(ctx)
  const hint = params['idp_hint']
  return {
    chosen: textIn(ctx, 'at', longestTyped),
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
    // the wish of the request counts more than a habit of the browser, and a habit more than the registration of the portal
    here(ctx, attempt) {
      const { hint, own } = knownOf(ctx, attempt)
      const { lastWay } = requestOf(ctx)
      const asked = shownTo(attempt).find(({ id }) => id === hint || (id === own && ['', name].includes(lastWay)))
      return asked !== undefined && !upstreams.isDown(asked.id)
    },
    async part(ctx, attempt) {
      const list = shownTo(attempt)
      const known = knownOf(ctx, attempt)
      const onOwnPage = ctx.query['way'] === name
      const typed = textIn(ctx, 'find', longestTyped)
      const one = typed === '' ? nearest(list, known) : undefined
      // a form may lead only where the policy of its page says
      if (one) requestOf(ctx).formTargets.push(...formTargetsOf(one))
      const others = list.filter(({ id }) => id !== one?.id)
      const isChosen = one !== undefined && one.id === known.chosen
      return {
        one: one && { name: one.name, start: startOf(attempt, one.id), down: upstreams.isDown(one.id) },
        listUrl: others.length > 0 ? listOf(attempt) : undefined,
        list: onOwnPage && !isChosen ? listShown(deps, ctx, attempt, { others, typed, all: list }) : undefined,
      }
    },
  }
}

const startOf = (attempt: Attempt, id: string) => pathOf(attempt, `${name}/${id}/start`)
const listOf = (attempt: Attempt) => `${pathOf(attempt)}?way=${name}`

/** The list by region, or what was found of all. */
function listShown(
  { upstreams }: Deps,
  ctx: RouterContext,
  attempt: Attempt,
  { others, typed, all }: { others: readonly Upstream[]; typed: string; all: readonly Upstream[] },
) {
  const { language } = requestOf(ctx)
  const found = typed === '' ? others : matching(all, typed)
  const row = (one: Upstream) => {
    const place = one.region === undefined ? '' : regionName(one.region, language)
    return {
      href: `${listOf(attempt)}&at=${one.id}`,
      words: one.name,
      // 佛山市统一身份认证 says the city already
      more: one.name.includes(place) ? '' : place,
      down: upstreams.isDown(one.id),
    }
  }
  return {
    action: pathOf(attempt),
    typed,
    searched: all.length > shortList,
    places: byPlace(found, attempt.client.region).map(({ kind, upstreams: here }) => ({ kind, rows: here.map(row) })),
  }
}
