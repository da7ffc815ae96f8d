import { z } from 'zod'
import { liesIn } from '../../../config/networks.ts'
import { readIdentifier } from '../../../accounts/identifiers/identify.ts'
import { addressKeys } from '../../../keys/address-keys.ts'
import { showPage, requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { hashId } from '../../../storage/hash-id.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, Router, RouterContext } from '../../method.ts'
import { atKiosk, type FaceLimits } from './limits.ts'
import { amr, name, type FaceDeps } from './face-deps.ts'
import type { Situation } from './routes.ts'

const kind = 'face-kiosk'
const keptSeconds = 300

/** Whom a kiosk was told of, and the epoch of their sign-ins then. */
const identifiedSchema = z.object({ who: z.string(), epoch: z.number() })
type Identified = z.infer<typeof identifiedSchema>

/** Signing in by identifier and face: only where a verifier is chosen for it, at portals that run on kiosks. */
export function isKiosk({ settings, faceVerifiers }: FaceDeps, { client }: Pick<Attempt, 'client'>): boolean {
  return settings.methods.face.kiosks.includes(client.id) && faceVerifiers('login') !== undefined
}

/**
 * Where the portal is registered with the networks its kiosks stand in, from there only: the address of a kiosk is no secret.
 * Behind a proxy that is not believed everybody has the proxy's address, and so nobody comes in.
 * @throws Refusal `kiosk_elsewhere`
 */
function assertPlace(ctx: RouterContext, { client }: Pick<Attempt, 'client'>): void {
  const { networks } = client
  if (networks && !liesIn(requestOf(ctx).address, networks))
    throw new Refusal('kiosk_elsewhere', 'not where kiosks stand')
}

/** Takes the identifier, and goes on to the camera. */
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
    // who is not there, did not agree, or is not proven is asked all the same, and fails as a stranger would
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
  if (text === undefined || !isKiosk(deps, attempt)) throw new Refusal('login_expired', 'nobody said who they are')
  assertPlace(ctx, attempt)
  const { who: said, epoch } = identifiedSchema.parse(JSON.parse(text))
  const [here = { key: '', factor: 1 }] = addressKeys(deps.blindIndex, requestOf(ctx))
  return {
    // by itself: whoever knows a phone number must not use up the tries of who has shown a password
    who: `kiosk ${said} ${here.key}`,
    counted: atKiosk(said, here.key),
    person: await deps.persons.find(said),
    purpose: 'login',
    holder: hashId(attempt.id),
    base: pathOf(attempt, name),
    elsewhere: pathOf(attempt),
    show: async (view, data, status) => showPage(ctx, view, { portal: attempt.portal, ...data }, status),
    passed: () => host.succeed(ctx, { method: name, personId: said, amr, epoch }),
  }
}
