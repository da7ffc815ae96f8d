import { retirableFrom, signersFirst, signingKeyState } from '../../keys/signing-keys.ts'
import { openTokenKeys } from '../../keys/token-keys.ts'
import type { CommandContext } from '../command-context.ts'

/** The signing keys, with the state of each and the time from which an old one may be retired. */
export async function signingKeyStates(context: CommandContext) {
  // the open store has brought the keys of its other machines
  const { settings } = await context.services()
  const { lifetimes } = settings
  const keys = openTokenKeys(settings, context.clock)
  const now = context.clock()
  // an ID token is also the hint of a sign-out, as long as its session lasts
  const tokenMs = Math.max(lifetimes.accessToken, lifetimes.idToken, lifetimes.session) * 1000
  return signersFirst(keys, now).map((key) => {
    const from = retirableFrom(keys, key, now, tokenMs)
    return { key, state: signingKeyState(keys, key, now), retirable: from <= now, retirableFrom: from }
  })
}
