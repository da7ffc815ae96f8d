import type { Client } from '../../clients/clients.ts'
import { daysLeft } from '../../clients/legacy.ts'
import { lookalike } from '../../clients/hosts.ts'
import { isReachableByRule } from '../../guards/reachable.ts'
import { faultOfShownName, skeletonOf } from '../../text/shown-names.ts'
import type { Services } from '../../services.ts'
import { registrationCheckOf } from '../clients/registration-problems.ts'
import type { Finding } from './finding.ts'

/** Finds damaged registrations, ids that are property names of every object, confusing names, and addresses out of reach. */
export async function portalsAndNames(services: Services): Promise<Finding[]> {
  const { clients, settings, clock } = services
  const all = await clients.list()
  return [
    registrations(await clients.damaged()),
    ...(await unusable(services, all)),
    ...ids(all),
    ...withoutPkce(all),
    ...legacyPortals(all, clock()),
    ...names(all),
    ...(await outOfReach(all, settings)),
  ]
}

/** Addresses that the server refuses to ask (guards/reachable.ts). */
async function outOfReach(all: readonly Client[], settings: Services['settings']): Promise<Finding[]> {
  const asked = all.flatMap(({ id, backchannel_logout_uri, jwks_uri }) =>
    [backchannel_logout_uri, jwks_uri].flatMap((url) => (url ? [{ id, url }] : [])),
  )
  const reached = await Promise.all(asked.map(({ url }) => isReachableByRule(url, settings)))
  const refused = asked.filter((_, index) => !reached[index]).map(({ id, url }) => `${url} (${id})`)
  if (refused.length === 0) return []
  return [
    {
      state: 'warn',
      what: 'addresses of portals',
      finding: `the server will not ask ${refused.join(', ')}: neither on the public internet nor in YIDENG_OUTBOUND_NETWORKS`,
      todo: 'name the inner network of the portal in YIDENG_OUTBOUND_NETWORKS (docs/settings.md), and restart the server',
    },
  ]
}

const what = 'portals'

function registrations(damaged: string[]): Finding {
  if (damaged.length === 0) return { state: 'ok', what, finding: 'every registration can be read' }
  const finding = `the registration of ${damaged.join(', ')} cannot be read`
  return {
    state: 'fail',
    what,
    finding,
    todo: 'npx yideng client delete ID, then register it again: client import FILE, or client create',
  }
}

function ids(all: readonly Client[]): Finding[] {
  const bad = all.filter(({ id }) => id === '__proto__' || id in Object.prototype).map(({ id }) => id)
  if (bad.length === 0) return []
  const finding = `${bad.join(', ')} cannot be the id of a portal: every JavaScript object has such a property`
  return [
    { state: 'fail', what, finding, todo: 'npx yideng client suspend ID, then register it again under another id' },
  ]
}

/** Registrations that oidc-provider refuses at each request. */
async function unusable(services: Services, all: readonly Client[]): Promise<Finding[]> {
  const faultOf = registrationCheckOf(services)
  const found: Finding[] = []
  for (const client of all) {
    const fault = await faultOf(client)
    const finding = `${JSON.stringify(client.name)} (${client.id}) can sign nobody in: ${fault ?? ''}`
    if (fault !== undefined) found.push({ state: 'fail', what, finding, todo: 'npx yideng client update ID' })
  }
  return found
}

/** RFC 9700 section 2.1.1 wants PKCE or a nonce from every portal. */
function withoutPkce(all: readonly Client[]): Finding[] {
  const off = all.filter(({ pkce }) => pkce === 'off')
  if (off.length === 0) return []
  const portals = off.map(({ id, name, pkce_reason }) => `${JSON.stringify(name)} (${id}): ${pkce_reason ?? ''}`)
  const finding = `${off.length} may sign people in without PKCE and without a nonce: ${portals.join('; ')}`
  const todo = 'when its library has learnt PKCE: npx yideng client update ID --pkce required'
  return [{ state: 'warn', what: 'PKCE', finding, todo }]
}

/** Days before the end of an old protocol from which the portal is warned of. */
const soonDays = 90

/** Portals that do not speak OpenID Connect yet, with the days that they have left. */
function legacyPortals(all: readonly Client[], now: number): Finding[] {
  const subject = 'old protocols'
  return all
    .filter((client) => client.legacy !== undefined)
    .map((client) => {
      const { id, name, legacy = '', legacy_until: until = '' } = client
      const left = daysLeft(client, now)
      const who = `${JSON.stringify(name)} (${id})`
      if (left === 0)
        return {
          state: 'warn',
          what: subject,
          finding: `${who} speaks ${legacy}, which ended after ${until}: it can sign nobody in`,
          todo: 'change it to OpenID Connect, or set a later day: npx yideng client update ID --legacy-until YYYY-MM-DD',
        } as const
      const finding = `${who} speaks ${legacy} until ${until}: ${left} days left`
      if (left > soonDays) return { state: 'ok', what: subject, finding } as const
      return { state: 'warn', what: subject, finding, todo: 'change it to OpenID Connect before that day' } as const
    })
}

function names(all: readonly Client[]): Finding[] {
  const unclear = all.filter(({ name }) => faultOfShownName(name) !== undefined)
  const bySkeleton = Map.groupBy(all, ({ name }) => skeletonOf(name))
  const alike = [...bySkeleton.values()].filter((group) => group.some((one) => lookalike(one, group)))
  const findings = [
    ...unclear.map(({ id, name }) => `${JSON.stringify(name)} (${id}) contains invisible or confusing characters`),
    ...alike.map(
      (group) => `${group.map(({ id, name }) => `${JSON.stringify(name)} (${id})`).join(' and ')} look the same`,
    ),
  ]
  return findings.map((finding) => ({
    state: 'warn',
    what: 'names of portals',
    finding,
    todo: 'people cannot tell these portals apart: npx yideng client update ID --name NAME',
  }))
}
