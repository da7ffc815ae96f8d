import { z } from 'zod'
import { isInNetworks } from '../../../config/networks.ts'
import { readIdentifier } from '../../../accounts/identifiers/identify.ts'
import { addressKeys } from '../../../keys/address-keys.ts'
import { showPage, requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { hashId } from '../../../storage/hash-id.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, Router, RouterContext } from '../../method.ts'
import { whereTyped, type FaceLimits } from './face-limits.ts'
import { amr, name, type FaceDeps } from './face-deps.ts'
import type { Situation } from './face-routes.ts'

const kind = 'face-kiosk'
const keptSeconds = 300

/** The account that was typed at a kiosk, and the epoch of its sign-ins at that moment. */
const identifiedSchema = z.object({ who: z.string(), epoch: z.number() })
type Identified = z.infer<typeof identifiedSchema>

/** Signing in by identifier and face: only at portals on kiosks, and where a verifier is set for it. */
export function isKiosk({ settings, faceVerifiers }: FaceDeps, { client }: Pick<Attempt, 'client'>): boolean {
  return settings.methods.face.kiosks.includes(client.id) && faceVerifiers('login').length > 0
}

/**
 * A portal may be registered with the networks of its kiosks: then only those are accepted, because the address of a kiosk is no
 * secret. Behind a proxy that is not trusted every browser has the address of the proxy, and is refused.
 * @throws Refusal `kiosk_elsewhere`
 */
function assertPlace(ctx: RouterContext, { client }: Pick<Attempt, 'client'>): void {
  const { networks } = client
  if (networks && !isInNetworks(requestOf(ctx).address, networks))
    throw new Refusal('kiosk_elsewhere', 'not in a network of the kiosks')
}

/** Reads the identifier, and leads to the camera. */
export function kioskRoutes(router: Router, host: LoginHost, deps: FaceDeps & { limits: FaceLimits }): void {
  const { artifacts, persons, faceConsents, blindIndex, limits } = deps
  router.post('/identify', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'login')
    if (!isKiosk(deps, attempt)) throw new Refusal('not_found', 'no kiosk')
    assertPlace(ctx, attempt)
    const identifier = (requestOf(ctx).form['identifier'] ?? '').trim()
    if (!identifier) return host.refuse(ctx, { method: name, code: 'missing_identifier' })
    await limits.identify(requestOf(ctx))
    const person = await persons.findByIdentifier(readIdentifier(identifier))
    const able = person?.status === 'active' && person.identityLevel >= 3 && (await faceConsents.given(person.id))
    // an unknown, unproven or unwilling person goes on as well and fails as a stranger does: the page shows no difference
    const who = able ? person.id : `nobody ${blindIndex('tries', identifier.slice(0, 256).toLowerCase())}`
    const identified: Identified = { who, epoch: person?.endings.epoch ?? 0 }
    await artifacts.put(kind, hashId(attempt.id), JSON.stringify(identified), { ttl: keptSeconds })
    showPage(ctx, 'face/ready', {
      portal: attempt.portal,
      base: pathOf(attempt, name),
      elsewhere: pathOf(attempt),
      csrf: requestOf(ctx).csrf(),
    })
    return undefined
  })
}

export async function kioskSituation(
  ctx: RouterContext,
  host: LoginHost,
  deps: FaceDeps,
  attempt: Attempt,
): Promise<Situation> {
  const text = await deps.artifacts.get(kind, hashId(attempt.id))
  if (text === undefined || !isKiosk(deps, attempt)) throw new Refusal('login_expired', 'no identifier was typed')
  assertPlace(ctx, attempt)
  const { who: said, epoch } = identifiedSchema.parse(JSON.parse(text))
  const [here = { key: '', factor: 1 }] = addressKeys(deps.blindIndex, requestOf(ctx))
  return {
    // counted apart: a stranger who knows the phone number must not use up the tries of the owner's own login
    who: `kiosk ${said} ${here.key}`,
    counted: whereTyped('kiosk', said, here.key),
    person: await deps.persons.find(said),
    purpose: 'login',
    holder: hashId(attempt.id),
    base: pathOf(attempt, name),
    elsewhere: pathOf(attempt),
    show: async (view, data, status) => showPage(ctx, view, { portal: attempt.portal, ...data }, status),
    passed: () => host.succeed(ctx, { method: name, personId: said, amr, epoch }),
  }
}
