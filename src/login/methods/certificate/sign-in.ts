import { perNetwork } from '../../../guards/network-limit.ts'
import { redirectTo } from '../../../pages/redirect.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import { assertQuestion, pathOf, type Attempt } from '../../attempt.ts'
import type { LoginHost, Router, RouterContext } from '../../method.ts'
import { findBinding } from './bindings.ts'
import type { CertificateAuthority } from './cas-file.ts'
import { name, originOf, type CertificateDeps } from './certificate-deps.ts'
import type { CertificateChallenges } from './challenge.ts'
import { fits } from './fits.ts'
import { identify, refusalOf, type CertificateIdentity, type IdentifyDeps } from './identify.ts'
import type { CertificateProofs } from './proofs.ts'

const addressWindowSeconds = 600

export type SignInDeps = CertificateDeps & {
  challenges: CertificateChallenges
  proofs: CertificateProofs
  identifies: IdentifyDeps
}

export const purposeOf = (attempt: Attempt) => ({ attempt: attempt.id, clientId: attempt.client.id })

/** Whether a login may use a CA: its level, with a face, reaches what the portal needs. Administrators need a passkey. */
export const mayUse = (
  { level }: CertificateAuthority,
  { client, needed }: Pick<Attempt, 'client' | 'needed'>,
): boolean => client.administers !== true && level >= Math.min(needed, 3)

/** POST /login/<attempt>/certificate: `ticket` of the challenge, and the `answer` of the program, or pasted. */
export function signInRoute(router: Router, host: LoginHost, deps: SignInDeps): void {
  const ofOneNetwork = {
    name: 'certificate-tries',
    most: deps.settings.limits.addressTries,
    seconds: addressWindowSeconds,
  }
  const limit = perNetwork(deps, ofOneNetwork)

  router.post('/', async (ctx) => {
    const attempt = await host.attempt(ctx)
    assertQuestion(attempt, 'login')
    const { ticket = '', answer = '' } = requestOf(ctx).form
    // a right answer never waits: else a neighbour could block all others in the network
    const wait = await limit.count(requestOf(ctx))
    const text = await deps.challenges.take(ticket, purposeOf(attempt))
    const result = text === undefined ? undefined : await identify(deps.identifies, answer.trim(), text)
    if (result && 'identity' in result) return arrive(deps, host, ctx, attempt, result.identity)
    if (wait > 0) throw new Refusal('too_many_requests', `more than ${ofOneNetwork.most} ${ofOneNetwork.name}`, wait)
    if (!result) return host.refuse(ctx, { method: name, code: 'certificate_late', fault: 'challenge' })
    return host.refuse(ctx, { method: name, code: refusalOf[result.fault], fault: result.fault })
  })
}

/** A bound certificate signs in. Of any other the login keeps the proof, and the person signs in by a way that they have. */
async function arrive(
  deps: SignInDeps,
  host: LoginHost,
  ctx: RouterContext,
  attempt: Attempt,
  identity: CertificateIdentity,
): Promise<void> {
  const ca = deps.identifies.list().find(({ id }) => id === identity.ca)
  if (!ca || !mayUse(ca, attempt))
    return host.refuse(ctx, { method: name, code: 'certificate_untrusted', fault: 'level' })
  const binding = await findBinding(deps, identity)
  if (!binding) {
    await deps.proofs.put(attempt.id, identity, deps.settings.lifetimes.interaction)
    return redirectTo(ctx, pathOf(attempt))
  }
  const { id, personId, heldAt } = binding.authenticator
  if (heldAt !== null) return host.refuse(ctx, { method: name, code: 'certificate_held', personId })
  const person = await deps.persons.find(personId)
  const { subject } = identity
  if (!person || subject.kind !== binding.kind || !(await fits(deps, person, subject)))
    return host.refuse(ctx, { method: name, code: 'certificate_other_person', fault: 'person', personId })
  const { signedIn } = await host.succeed(ctx, {
    method: name,
    personId,
    amr: [subject.kind === 'legal' ? 'org-cert' : ca.keys === 'hardware' ? 'hwk' : 'swk'],
    vouched: binding.boundIn.level < ca.level ? binding.boundIn.level : ca.level,
    authenticatorId: id,
    through: { methods: [originOf(ca.id)], authenticators: [] },
    refusal: 'certificate_refused',
  })
  if (signedIn) await deps.authenticators.used(binding.authenticator)
  return undefined
}
