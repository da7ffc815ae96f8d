import { z } from 'zod'
import { readIdentifier } from '../../accounts/identifiers/identify.ts'
import type { NaturalPerson } from '../../accounts/natural-persons.ts'
import { visitOf } from '../../pages/visit.ts'
import { pathOf } from '../attempt.ts'
import { createLimits } from '../../storage/limits.ts'
import type { LoginMethod, RouterContext } from '../method.ts'
import { createTries, typedKey } from '../tries.ts'
import { createBrake } from './brake.ts'
import { passwordEnrolment } from './enrolment.ts'
import { name, type PasswordParts } from './parts.ts'

const stored = z.object({ hash: z.string() })
const addressWindowSeconds = 600
const longestPassword = 1024

/**
 * Sign-in by password. Whether the account exists, is locked, or the password is wrong: one answer, one argon2 computation.
 * Tries are counted for what was typed (the person is told to wait, account or no account) and, silently, for the account.
 */
export function passwordMethod(parts: PasswordParts): LoginMethod {
  const { persons, authenticators, passwords, artifacts, blindIndex, limits, clock } = parts
  const tries = createTries({
    kind: 'password-tries',
    artifacts,
    clock,
    tries: limits.passwordTries,
    waitSeconds: limits.passwordWaitSeconds,
  })

  const brake = createBrake({ ...parts, addressTries: limits.addressTries })
  const counts = createLimits(artifacts, clock)
  const ofOneNetwork = { name: 'password-tries', most: limits.addressTries, seconds: addressWindowSeconds }

  /** @throws Refusal `too_many_requests` */
  async function limitAddress(ctx: RouterContext) {
    const key = blindIndex('address', visitOf(ctx).network)
    await counts.spend(ofOneNetwork, key)
  }

  /** True when this is the account's password; takes the same time for no account. */
  async function verify(person: NaturalPerson | undefined, password: string): Promise<boolean> {
    const authenticator = person && (await authenticators.find(person.id, name))
    if (!authenticator) {
      await passwords.verifyDecoy(password)
      return false
    }
    const { hash } = stored.parse(JSON.parse(authenticator.data))
    if (!(await passwords.verify(hash, password))) return false
    if (passwords.needsRehash(hash)) {
      await authenticators.replaceData(authenticator, JSON.stringify({ hash: await passwords.hash(password) }))
    }
    return true
  }

  return {
    name,
    offered: () => true,
    part: async (_ctx, attempt) => ({ recoverUrl: `/recover?back=${encodeURIComponent(pathOf(attempt))}` }),
    enrolment: passwordEnrolment(parts),
    routes(router, host) {
      router.post('/', async (ctx) => {
        await host.attempt(ctx)
        const { form } = visitOf(ctx)
        const identifier = (form['identifier'] ?? '').trim()
        const password = form['password'] ?? ''
        if (!identifier) return host.refuse(ctx, { method: name, code: 'missing_identifier' })
        if (!password) return host.refuse(ctx, { method: name, code: 'missing_password', identifier })
        await limitAddress(ctx)

        const person = await persons.findByIdentifier(readIdentifier(identifier))
        await brake.hold(visitOf(ctx), person?.id)

        const typed = typedKey(blindIndex, identifier)
        const waitMs = await tries.reserve(typed)
        if (waitMs > 0) {
          const waitMinutes = Math.ceil(waitMs / 60_000)
          return host.refuse(ctx, { method: name, code: 'too_many_tries', identifier, waitMinutes })
        }
        const right = await tries.make(typed, async (mayTryFor) => {
          // nobody's tries are counted as well, so that an account does not show by the time it takes
          const mayTry = await mayTryFor(person?.id ?? `nobody ${typed}`)
          const same = await verify(person, password.slice(0, longestPassword))
          return same && mayTry
        })
        await brake.tried(right)
        if (!person || !right || person.status !== 'active') {
          return host.refuse(ctx, { method: name, code: 'sign_in_refused', identifier, personId: person?.id })
        }
        await Promise.all([tries.clear(typed), tries.clear(person.id)])
        return host.succeed(ctx, { method: name, personId: person.id, amr: ['pwd'], epoch: person.endings.epoch })
      })
    },
  }
}
