import { readIdentifier } from '../../../accounts/identifiers/identify.ts'
import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import type { Line } from '../../../accounts/passwords/hash-gate.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { createAccountTries } from '../../../guards/account-tries.ts'
import { pathOf } from '../../attempt.ts'
import type { CreateMethod } from '../../method-services.ts'
import { createChangePassword } from './change-password.ts'
import { createSprayThrottle } from './spray-throttle.ts'
import { passwordEnrolment } from './enrolment.ts'
import { name, type PasswordDeps } from './password-deps.ts'
import { hashOf, passwordAuthenticator } from './stored-password.ts'

const longestPassword = 1024

/**
 * Sign-in by password. An unknown account, a locked one and a wrong password get the same answer after one argon2 computation.
 * account-tries.ts counts tries by the typed identifier, whose wait is shown with or without an account. It also counts them,
 * silently, by account and by known browser.
 */
export const createMethod: CreateMethod = (given) => {
  const deps: PasswordDeps = { ...given, limits: given.settings.limits, changePassword: createChangePassword(given) }
  const { persons, authenticators, passwords, limits, cipher } = deps
  const throttle = createSprayThrottle({ ...deps, addressTries: limits.addressTries })
  const tries = createAccountTries({ ...deps, kind: 'password-tries', throttle })

  /** Whether this is the account's password; it takes the same time without an account. */
  async function verify(person: NaturalPerson | undefined, password: string, line: Line): Promise<boolean> {
    const authenticator = person && (await authenticators.find(person.id, name))
    if (!authenticator) {
      await passwords.verifyDecoy(password, line)
      return false
    }
    const hash = hashOf(authenticator, cipher)
    if (!(await passwords.verify(hash, password, line))) return false
    if (passwords.needsRehash(hash)) {
      const { data } = passwordAuthenticator(await passwords.hash(password, line))
      await authenticators.replaceData(authenticator, data)
    }
    return true
  }

  return {
    name,
    offered: () => true,
    part: async (_ctx, attempt) => ({ recoverUrl: `/recover?back=${encodeURIComponent(pathOf(attempt))}` }),
    enrolment: passwordEnrolment(deps),
    routes(router, host) {
      router.post('/', async (ctx) => {
        await host.attempt(ctx)
        const { form } = requestOf(ctx)
        const identifier = (form['identifier'] ?? '').trim()
        const password = form['password'] ?? ''
        if (!identifier) return host.refuse(ctx, { method: name, code: 'missing_identifier' })
        if (!password) return host.refuse(ctx, { method: name, code: 'missing_password', identifier })

        const person = await persons.findByIdentifier(readIdentifier(identifier))
        const who = { identifier, person }
        const tried = await tries.make(requestOf(ctx), who, async (line) =>
          (await verify(person, password.slice(0, longestPassword), line)) ? person : undefined,
        )
        if (!tried.result && tried.waitMs > 0) {
          const waitMinutes = Math.ceil(tried.waitMs / 60_000)
          return host.refuse(ctx, { method: name, code: 'too_many_tries', identifier, waitMinutes })
        }
        if (!person || !tried.result || person.status !== 'active') {
          // the right password may know that the account is locked
          const code = tried.result && person?.status === 'locked' ? 'account_locked' : 'sign_in_refused'
          return host.refuse(ctx, { method: name, code, identifier, personId: person?.id })
        }
        await tried.forget()
        return host.succeed(ctx, { method: name, personId: person.id, amr: ['pwd'], epoch: person.endings.epoch })
      })
    },
  }
}
