import type { KeeperSignal } from '../../../pages/request-context.ts'
import { userHandleOf } from './assertion.ts'
import { name, type PasskeyDeps } from './passkey-deps.ts'
import { relyingParty } from './relying-party.ts'
import { readStored } from './stored-passkey.ts'

/**
 * All passkeys of a person, for the browser in which this person is signed in: it forgets the others of this person
 * (WebAuthn Level 3, 5.1.10.2).
 */
export const createAcceptedPasskeys =
  (deps: Pick<PasskeyDeps, 'authenticators' | 'settings' | 'blindIndex'>) =>
  async (personId: string): Promise<KeeperSignal> => {
    // a passkey on hold is known: it may be released
    const passkeys = await deps.authenticators.list(personId, name)
    return {
      method: 'signalAllAcceptedCredentials',
      options: {
        rpId: relyingParty(deps.settings.issuer).id,
        userId: userHandleOf(deps, personId),
        allAcceptedCredentialIds: passkeys.map((one) => readStored(one).credentialId),
      },
    }
  }
