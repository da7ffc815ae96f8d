import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server'
import { z } from 'zod'
import { maskName } from '../../../accounts/identifiers/masking.ts'
import type { Actor, NaturalPerson } from '../../../accounts/natural-persons.ts'
import { tellOfAuthenticator } from '../../../accounts/notices.ts'
import { signInName } from '../../../accounts/personal-fields.ts'
import { userHandleOf } from './assertion.ts'
import { isAttested, type AttestationRoots } from './attestation.ts'
import { base64url, credential, readCredential } from './credential.ts'
import { loadDecoder, loadWebAuthn } from './library.ts'
import { name, type MakingDeps } from './passkey-deps.ts'
import { keyDigestOf } from './passkey-signature.ts'
import { relyingParty, wasFramed } from './relying-party.ts'
import { readStored, writeStored } from './stored-passkey.ts'

/** COSE: ES256, EdDSA, RS256 (what Windows Hello makes), best first. */
const algorithms = [-7, -8, -257]
const ceremonyMs = 300_000
const mostPasskeys = 20

const transportNames = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const

const bytes = base64url(12_000)

/** RegistrationResponseJSON (WebAuthn Level 3, 5.1.8.1), as far as it is read. */
const schema = credential(
  z.object({
    clientDataJSON: bytes,
    attestationObject: bytes,
    // unknown names are left out, not refused (WebAuthn Level 3, 5.8.4)
    transports: z
      .array(z.string())
      .max(20)
      .catch([])
      .transform((all) => transportNames.filter((one) => all.includes(one))),
  }),
)

/** Why a new passkey is refused; for the audit log. */
export type RegistrationFault = 'malformed' | 'challenge_gone' | 'invalid' | 'known_credential' | 'too_many'

export type Registered = { ok: true; id: string } | { ok: false; fault: RegistrationFault }

/**
 * Options for the browser that makes a passkey: found without a name, with finger, face or PIN, on this device or a phone beside
 * it. It is shown under the username or phone; the person's full name does not leave the server.
 */
export async function creationOptions(
  deps: MakingDeps,
  person: NaturalPerson,
  challenge: string,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { persons, authenticators, administrators, roots, settings } = deps
  // browsers ask the person to agree: so only where the attestation is used
  const attested =
    roots.length > 0 && (person.identityLevel >= 4 || (await administrators.find(person.id)) !== undefined)
  const known = (await authenticators.list(person.id, name)).map(readStored)
  return {
    challenge,
    rp: { id: relyingParty(settings.issuer).id, name: '一登 Yideng' },
    user: {
      id: userHandleOf(deps, person.id),
      // an account that an upstream opened may have neither a username nor a phone
      name: signInName(persons.reveal(person)) || maskName(persons.open(person, 'name')),
      displayName: maskName(persons.open(person, 'name')),
    },
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    timeout: ceremonyMs,
    attestation: attested ? 'direct' : 'none',
    excludeCredentials: known.map(({ credentialId, transports }) => ({
      id: credentialId,
      type: 'public-key',
      transports: transportNames.filter((one) => transports.includes(one)),
    })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
  }
}

/**
 * Checks a new passkey (WebAuthn Level 3, 7.1) and stores it together with its audit entry and notice.
 * @param given.device cookie of the browser it is made in (`RequestContext.device`)
 */
export async function register(
  deps: MakingDeps,
  given: { text: string; challenge: string | undefined; person: NaturalPerson; by: Actor; device: string },
): Promise<Registered> {
  const { authenticators, database, devices, audit, notifier } = deps
  const { person, by } = given
  const device = devices.keyOf(given.device)
  const refuse = async (fault: RegistrationFault): Promise<Registered> => {
    const details = { kind: name, fault }
    await audit.record({ event: 'authenticator.refused', ...by, personId: person.id, details })
    return { ok: false, fault }
  }
  const response = readCredential(schema, given.text)
  if (!response) return refuse('malformed')
  if (given.challenge === undefined) return refuse('challenge_gone')
  const passkey = await prove(deps, response, given.challenge)
  if (!passkey) return refuse('invalid')
  if ((await authenticators.list(person.id, name)).length >= mostPasskeys) return refuse('too_many')

  const added = await database.transaction().execute(async (transaction) => {
    const authenticator = await authenticators.add(
      { personId: person.id, kind: name, lookupKey: passkey.credentialId, data: writeStored({ ...passkey, device }) },
      transaction,
    )
    if (!authenticator) return undefined
    const { id } = authenticator
    const { aaguid, backedUp: synced, publicKey, attested } = passkey
    // the key stays known after the passkey is removed: it verifies older signatures
    const details = { kind: name, authenticator: id, aaguid, synced, attested, key: keyDigestOf(publicKey) }
    await audit.append(transaction, { event: 'authenticator.added', ...by, personId: person.id, details })
    await tellOfAuthenticator(
      notifier,
      { kind: 'authenticator-added', personId: person.id, method: name, by },
      transaction,
    )
    return id
  })
  return added === undefined ? refuse('known_credential') : { ok: true, id: added }
}

async function prove({ settings, roots, clock }: MakingDeps, response: z.infer<typeof schema>, challenge: string) {
  const { origin, id } = relyingParty(settings.issuer)
  const { verifyRegistrationResponse } = await loadWebAuthn()
  try {
    const { verified, registrationInfo: info } = await verifyRegistrationResponse({
      response: { ...response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    })
    if (!verified || !info || wasFramed(response.response.clientDataJSON)) return undefined
    return {
      credentialId: info.credential.id,
      publicKey: Buffer.from(info.credential.publicKey).toString('base64url'),
      counter: info.credential.counter,
      transports: response.response.transports,
      aaguid: info.aaguid,
      backupEligible: info.credentialDeviceType === 'multiDevice',
      backedUp: info.credentialBackedUp,
      attested: await isHardware(info, roots, clock()),
      name: '',
    }
  } catch {
    // the library throws a plain Error for every fault
    return undefined
  }
}

async function isHardware(
  { fmt, attestationObject }: { fmt: string; attestationObject: Uint8Array },
  roots: AttestationRoots,
  now: number,
): Promise<boolean> {
  if (roots.length === 0) return false
  const { decodeAttestationObject } = await loadDecoder()
  const x5c = decodeAttestationObject(Uint8Array.from(attestationObject)).get('attStmt').get('x5c') ?? []
  return isAttested({ fmt, x5c }, roots, now)
}
