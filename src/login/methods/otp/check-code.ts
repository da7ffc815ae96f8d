import type { Authenticator } from '../../../accounts/authenticators.ts'
import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import { daySeconds } from '../../../config/time.ts'
import { createAccountTries } from '../../../guards/account-tries.ts'
import { requestOf } from '../../../pages/request-context.ts'
import { retryChange } from '../../../storage/compare-and-set.ts'
import { hashId } from '../../../storage/hash-id.ts'
import { actorOf } from '../../actor.ts'
import type { RouterContext } from '../../method.ts'
import { name, type OtpDeps } from './otp-deps.ts'
import { readToken, secretOf, withClock } from './stored-token.ts'
import { clockAfter } from './suites.ts'

/** Wrong codes before a wait (GM/T 0021 asks for a limit). */
const wrongCodes = 5

export type Checked = { ok: true; token: string } | { ok: false; waitMinutes: number }

/** Checks a typed code against the person's tokens. */
export type CheckCode = (ctx: RouterContext, person: NaturalPerson, code: string) => Promise<Checked>

/** Tokens that count: those on hold after a recovery do not. */
export const tokensOf = async ({ authenticators }: Pick<OtpDeps, 'authenticators'>, personId: string) =>
  (await authenticators.list(personId, name)).filter(({ heldAt }) => heldAt === null)

/**
 * A right code uses its time step, once over all processes. Wrong ones count for the account, in every browser; a
 * browser that the person signed in with before has a count of its own.
 */
export function createCheckCode(deps: OtpDeps): CheckCode {
  const { authenticators, cipher, clock } = deps
  const tries = createAccountTries({ ...deps, kind: 'otp-tries', most: wrongCodes })

  const clockOf = (token: Authenticator, code: string) =>
    clockAfter(readToken(token), secretOf(cipher, token), { code, now: clock() })

  async function find(personId: string, code: string): Promise<Authenticator | undefined> {
    const right = (await tokensOf(deps, personId)).map((token) => (clockOf(token, code) ? token : undefined))
    return right.find((token) => token !== undefined)
  }

  /** False where the step was used in the meantime, or the token was removed. */
  const use = (found: Authenticator, code: string): Promise<boolean | undefined> =>
    retryChange(async () => {
      const now = (await tokensOf(deps, found.personId)).find(({ id }) => id === found.id)
      const after = now && clockOf(now, code)
      if (!now || !after) return false
      return (await authenticators.replaceData(now, withClock(now, after))) || undefined
    })

  return async (ctx, person, code) => {
    const who = { identifier: `${name} ${person.id}`, person }
    const tried = await tries.make(requestOf(ctx), who, () => find(person.id, code))
    if (tried.result && (await use(tried.result, code))) {
      await tried.forget()
      await authenticators.used(tried.result)
      return { ok: true, token: tried.result.id }
    }
    await refused(deps, ctx, person, tried.waitMs > 0)
    return { ok: false, waitMinutes: Math.ceil(tried.waitMs / 60_000) }
  }
}

/** The password was right: its owner gets a notice of tried codes, once a day. */
async function refused(
  { artifacts, audit, notifier }: OtpDeps,
  ctx: RouterContext,
  { id: personId }: NaturalPerson,
  paused: boolean,
): Promise<void> {
  const by = actorOf(ctx)
  const first = paused && (await artifacts.add('otp-told', hashId(personId), '', { ttl: daySeconds }))
  await audit.record({ event: first ? 'otp.paused' : 'otp.refused', ...by, personId })
  if (first) await notifier.notify({ personId, kind: 'otp-paused', restricted: by.restricted })
}
