/** Old portals: they speak a legacy protocol until a date, and nothing else (docs/portals.md). */

import { tifProfileOf } from '../config/legacy-protocols.ts'
import { dayMs } from '../config/time.ts'
import type { ClientMetadata, FieldProblem } from './metadata.ts'

/** A registration may name a date this far ahead at most. */
const mostYears = 3

/** China has one time zone, without summer time. */
const endOfDay = (date: string) => Date.parse(`${date}T00:00:00+08:00`) + dayMs

/** The days that a legacy registration has left, the last one included; 0 when it has ended. */
export function daysLeft({ legacy_until: until }: Pick<ClientMetadata, 'legacy_until'>, now: number): number {
  return until === undefined ? 0 : Math.max(0, Math.ceil((endOfDay(until) - now) / dayMs))
}

/** Milliseconds since 1970 at which the old protocol of a portal ends; Infinity without a date. */
export const legacyEnd = ({ legacy_until: until }: Pick<ClientMetadata, 'legacy_until'>): number =>
  until === undefined ? Infinity : endOfDay(until)

/** Whether the old protocol of a portal still counts. False for a portal without one. */
export const speaksLegacy = (client: Pick<ClientMetadata, 'legacy' | 'legacy_until'>, now: number): boolean =>
  client.legacy !== undefined && daysLeft(client, now) > 0

/** Whether a portal learns of a sign-out: by back-channel logout, or by the single logout of CAS. */
export const isNotified = ({
  legacy,
  backchannel_logout_uri: uri,
}: Pick<ClientMetadata, 'legacy' | 'backchannel_logout_uri'>): boolean =>
  legacy === undefined ? uri !== undefined : legacy === 'cas'

/** Rules of a legacy registration that do not depend on the time. */
export function legacyProblems(client: ClientMetadata): FieldProblem[] {
  const { legacy, legacy_until: until, legacy_level4: level4 } = client
  if (legacy === undefined) {
    const without = { legacy_until: until, legacy_level4: level4 || undefined }
    return Object.entries(without)
      .filter(([, value]) => value !== undefined)
      .map(([field]) => ({ field, message: 'must be left out: it belongs to a portal with legacy' }))
  }
  const problems: FieldProblem[] = []
  const must = (holds: boolean, field: string, message: string) => {
    if (!holds) problems.push({ field, message })
  }
  const isTif = tifProfileOf(legacy) !== undefined
  must(until !== undefined, 'legacy_until', 'is needed with legacy: the day on which the old protocol ends')
  must(client.type === 'web', 'type', 'must be web for legacy')
  must(client.auth_method === methodOf(legacy), 'auth_method', `must be ${methodOf(legacy)} for legacy ${legacy}`)
  must(!isTif || (client.networks ?? []).length > 0, 'networks', `is needed for legacy ${legacy}: those of its servers`)
  must(client.min_level < 4 || level4, 'legacy_level4', 'is needed for min_level 4: an old protocol proves no key')
  must(client.profile === undefined, 'profile', 'must be left out: an old protocol has none')
  must(
    client.pkce !== 'off' && client.pkce_reason === undefined,
    'pkce',
    'must be left out: old protocols know no PKCE',
  )
  const hasLogout = isTif && client.backchannel_logout_uri !== undefined
  must(!hasLogout, 'backchannel_logout_uri', `must be left out: ${legacy} has no logout tokens`)
  must(client.resources.length === 0, 'resources', 'must be left out: an old portal gets no access tokens')
  for (const scope of client.scope)
    must(carriedScopes.has(scope), 'scope', `must not hold ${scope}: an old protocol cannot carry it`)
  return problems
}

/** What an old protocol can carry: claims, and no tokens for other uses. */
const carriedScopes: ReadonlySet<string> = new Set(['openid', 'profile', 'phone', 'identity', 'representee'])

/** The secret of `tif` is in a query, and that of CAS does not exist. */
export const methodOf = (legacy: string): ClientMetadata['auth_method'] =>
  tifProfileOf(legacy) ? 'client_secret_post' : 'none'

/**
 * A new date must lie ahead, and at most three years. A date that was registered before stays as it is.
 * @param now milliseconds since 1970 UTC
 */
export function problemsOfLegacyDate(
  { legacy_until: until }: Pick<ClientMetadata, 'legacy_until'>,
  before: Pick<ClientMetadata, 'legacy_until'> | undefined,
  now: number,
): FieldProblem[] {
  if (until === undefined || until === before?.legacy_until) return []
  const latest = new Date(now)
  latest.setUTCFullYear(latest.getUTCFullYear() + mostYears)
  if (endOfDay(until) <= now)
    return [{ field: 'legacy_until', message: 'has passed: name a day that is still to come' }]
  if (endOfDay(until) - dayMs <= latest.getTime()) return []
  return [{ field: 'legacy_until', message: `must be at most ${mostYears} years ahead` }]
}
