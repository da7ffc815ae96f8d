import { isProvince, ownDigits, regionHolds, regionNames } from '../../../config/regions.ts'
import type { Upstream } from '../../../upstreams/upstreams.ts'

/** An upstream as a page places it. */
export type Placed = Pick<Upstream, 'id' | 'name' | 'region'>

/** What a page knows of the person before they have said anything. It is never an account. */
export interface Known {
  /** What the person chose on the list. */
  chosen?: string | undefined
  /** `idp_hint` of the request. */
  hint?: string | undefined
  /** The upstream of the last sign-in of this browser. */
  last?: string | undefined
  /** The upstream that the portal is registered with. */
  own?: string | undefined
  /** The region of the portal. */
  region?: string | undefined
}

/**
 * The upstream that a page has a button for. The first of these counts: the chosen one, that of the request, that of the last sign-in of
 * this browser. Then come that of the portal, that of its city, the only one. Undefined: the person chooses. An id that the list lacks
 * counts as none.
 */
export function nearest<One extends Placed>(list: readonly One[], known: Known): One | undefined {
  const named = [known.chosen, known.hint, known.last, known.own]
    .map((id) => list.find((one) => one.id === id))
    .find((one) => one !== undefined)
  return named ?? ofCity(list, known.region) ?? (list.length === 1 ? list[0] : undefined)
}

/** The smallest region that has an upstream and holds the portal's, below the province. Two of the same region: the person chooses. */
function ofCity<One extends Placed>(list: readonly One[], portal: string | undefined): One | undefined {
  if (portal === undefined) return undefined
  const holding = list.filter(
    ({ region }) => region !== undefined && !isProvince(region) && regionHolds(region, portal),
  )
  const digits = Math.max(...holding.map(({ region = '' }) => ownDigits(region)))
  const smallest = holding.filter(({ region = '' }) => ownDigits(region) === digits)
  return smallest.length === 1 ? smallest[0] : undefined
}

/** Upstreams of one place: the portal's city, departments of the province, other cities; all cities where the portal has none. */
export interface Place<One> {
  kind: 'own' | 'province' | 'other' | 'city'
  upstreams: One[]
}

/**
 * The list of a page. First is the portal's city with its counties, then the departments of the province. The other cities follow in
 * the order of their codes (GB/T 2260). Empty places are left out.
 */
export function byPlace<One extends Placed>(list: readonly One[], portal: string | undefined): Place<One>[] {
  const city = portal === undefined || isProvince(portal) ? undefined : cityOf(portal)
  const kindOf = ({ region }: Placed): Place<One>['kind'] => {
    if (region === undefined || isProvince(region)) return 'province'
    if (city === undefined) return 'city'
    return cityOf(region) === city ? 'own' : 'other'
  }
  const sorted = list.toSorted((one, other) => (one.region ?? '').localeCompare(other.region ?? '', 'en'))
  return (['own', 'province', 'other', 'city'] as const)
    .map((kind) => ({ kind, upstreams: sorted.filter((one) => kindOf(one) === kind) }))
    .filter(({ upstreams }) => upstreams.length > 0)
}

const cityOf = (region: string) => `${region.slice(0, 4)}00`

/** All names that a person may type for an upstream: its own, and those of its region and city in each language. */
export const namesOf = ({ name, region }: Placed): string[] => [
  ...new Set([name, ...(region === undefined ? [] : [region, cityOf(region)].flatMap(regionNames))]),
]
