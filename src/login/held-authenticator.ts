import type { Authenticator } from '../accounts/authenticators.ts'
import { isHeld, type NaturalPerson } from '../accounts/natural-persons.ts'
import type { AccountContext, AccountHost, RouterContext } from './method.ts'

/** Whether the owner may release a held authenticator now: the account is not held, a passkey signed in, or a face was verified since. */
export const mayRelease = (
  { heldAt }: Pick<Authenticator, 'heldAt'>,
  { person, amr, now }: { person: NaturalPerson; amr: readonly string[]; now: number },
): boolean => heldAt !== null && (!isHeld(person, now) || amr.includes('user') || (person.faceProofedAt ?? 0) >= heldAt)

/**
 * Whether this session may remove an authenticator. In a hold, a stranger with a recovery code would remove the owner's: a passkey
 * or a face since then must show who it is. Where it may not, the answer is already written to `ctx`.
 */
export async function mayRemove(
  centre: Pick<AccountHost, 'mayChangeAuthenticators'>,
  ctx: RouterContext,
  { person, session }: AccountContext,
  authenticator: Pick<Authenticator, 'heldAt'>,
  now: number,
): Promise<boolean> {
  if (mayRelease(authenticator, { person, amr: session.amr, now })) return true
  return (await centre.mayChangeAuthenticators(ctx)) !== undefined
}
