import { timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Authenticator } from '../../../accounts/authenticators.ts'
import type { Actor } from '../../../accounts/natural-persons.ts'
import { tellOfAuthenticator } from '../../../accounts/notices.ts'
import { retryChange } from '../../../storage/compare-and-set.ts'
import { base64url, credential, readCredential } from './credential.ts'
import { loadWebAuthn } from './library.ts'
import { name, type PasskeyDeps } from './passkey-deps.ts'
import { relyingParty, wasFramed } from './relying-party.ts'
import { amrOf, readStored, writeStored, type StoredPasskey } from './stored-passkey.ts'

const bytes = base64url(8192)

/** AuthenticationResponseJSON (WebAuthn Level 3, 5.1.8.2), as far as it is read. */
const schema = credential(
  z.object({
    clientDataJSON: bytes,
    authenticatorData: bytes,
    signature: bytes,
    // optional where the request named the passkeys (WebAuthn Level 3, 5.2.2)
    userHandle: base64url(100).nullish(),
  }),
)

export type AssertionResponse = z.infer<typeof schema>

/** Why an assertion is refused; for the audit log, never shown to its sender. */
export type AssertionFault =
  | 'malformed'
  | 'challenge_gone'
  | 'unknown_credential'
  | 'wrong_holder'
  | 'other_person'
  | 'held'
  | 'invalid'
  | 'backup_changed'
  | 'cloned'
  | 'contended'

export type Checked =
  | { ok: true; personId: string; amr: string[]; authenticator: Authenticator; response: AssertionResponse }
  /** `unknownId`: the server knows no such passkey, so its browser may forget it. */
  | { ok: false; fault: AssertionFault; personId?: string; unknownId?: string }

const equal = (one: string, other: string) =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

const parseAssertion = (text: string): AssertionResponse | undefined => readCredential(schema, text)

/** User handle of a person's passkeys: the same for all of them, and it names no account (WebAuthn 14.6.1). */
export const userHandleOf = ({ blindIndex }: Pick<PasskeyDeps, 'blindIndex'>, personId: string) =>
  blindIndex('passkey-user', personId)

export type AssertionDeps = Pick<
  PasskeyDeps,
  'authenticators' | 'settings' | 'blindIndex' | 'database' | 'audit' | 'notifier'
>

/**
 * Checks an assertion over a challenge that was taken from the store (WebAuthn Level 3, 7.2) and stores its counter. Of two
 * assertions with the same counter the second is refused. With `of`, only that person's passkeys count; others stay unchanged.
 */
export async function checkAssertion(
  deps: AssertionDeps,
  given: { text: string; challenge: string | undefined; by: Actor; of?: string | undefined },
): Promise<Checked> {
  const { authenticators, settings } = deps
  const response = parseAssertion(given.text)
  if (!response) return { ok: false, fault: 'malformed' }
  const first = await authenticators.findByLookupKey(name, response.id)
  if (!first) return { ok: false, fault: 'unknown_credential', unknownId: response.id }
  const { personId } = first
  const refuse = (fault: AssertionFault): Checked => ({ ok: false, fault, personId })
  if (given.challenge === undefined) return refuse('challenge_gone')
  const { userHandle } = response.response
  // without a signed-in person the passkey itself names its owner (WebAuthn Level 3, 7.2, step 6)
  const held = userHandle ? equal(userHandle, userHandleOf(deps, personId)) : given.of !== undefined
  if (!held) return refuse('wrong_holder')

  const { origin, id } = relyingParty(settings.issuer)
  const proven = await proveAssertion(response, readStored(first), { challenge: given.challenge, origin, id })
  if (!proven) return refuse('invalid')
  if (given.of !== undefined && given.of !== personId) return refuse('other_person')

  let known: Authenticator | undefined = first
  const checked = await retryChange(async (): Promise<Checked | undefined> => {
    const authenticator = known ?? (await authenticators.findByLookupKey(name, response.id))
    known = undefined
    // it was removed a moment ago
    if (!authenticator) return { ok: false, fault: 'unknown_credential', personId, unknownId: response.id }
    // only the holder of the key learns this: the signature was checked before
    if (authenticator.heldAt !== null) return refuse('held')
    const stored = readStored(authenticator)
    if (stored.backupEligible !== proven.backupEligible) return refuse('backup_changed')
    if (isCloned(stored, proven.counter)) {
      await tellCloned(deps, authenticator, given.by)
      return refuse('cloned')
    }
    const after = { ...stored, counter: proven.counter, backedUp: proven.backedUp }
    const unchanged = after.counter === stored.counter && after.backedUp === stored.backedUp
    if (unchanged) await authenticators.used(authenticator)
    else if (!(await authenticators.replaceByUse(authenticator, writeStored(after)))) return undefined
    return { ok: true, personId, amr: amrOf(stored), authenticator, response }
  })
  return checked ?? refuse('contended')
}

interface Proven {
  counter: number
  backupEligible: boolean
  backedUp: boolean
}

/** Checks challenge, origin, relying party, presence and verification of the person, and signature; not the counter. */
export async function proveAssertion(
  response: AssertionResponse,
  stored: Pick<StoredPasskey, 'credentialId' | 'publicKey'>,
  expected: { challenge: string; origin: string; id: string },
): Promise<Proven | undefined> {
  const { verifyAuthenticationResponse } = await loadWebAuthn()
  const { userHandle: _holder, ...signed } = response.response
  try {
    const { verified, authenticationInfo: info } = await verifyAuthenticationResponse({
      response: { ...response, response: signed, clientExtensionResults: {} },
      expectedChallenge: expected.challenge,
      expectedOrigin: expected.origin,
      expectedRPID: expected.id,
      requireUserVerification: true,
      // the counter is looked at afterwards: only who has the key may raise the alarm of a clone
      credential: { id: stored.credentialId, publicKey: Buffer.from(stored.publicKey, 'base64url'), counter: 0 },
    })
    if (!verified || wasFramed(response.response.clientDataJSON)) return undefined
    const backupEligible = info.credentialDeviceType === 'multiDevice'
    return { counter: info.newCounter, backupEligible, backedUp: info.credentialBackedUp }
  } catch {
    // the library throws a plain Error for everything that does not fit, and for bytes that are none
    return undefined
  }
}

/** WebAuthn Level 3, 6.1.1: a counter that does not grow belongs to a copy of the key. */
const isCloned = (stored: StoredPasskey, counter: number) =>
  (counter > 0 || stored.counter > 0) && counter <= stored.counter

async function tellCloned(deps: AssertionDeps, { id, personId }: Authenticator, by: Actor): Promise<void> {
  const { database, audit, notifier } = deps
  const details = { kind: name, authenticator: id }
  await database.transaction().execute(async (transaction) => {
    await audit.append(transaction, { event: 'authenticator.cloned', ...by, personId, details })
    await tellOfAuthenticator(notifier, { kind: 'authenticator-cloned', personId, method: name, by }, transaction)
  })
}
