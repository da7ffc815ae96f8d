import type { Administrators } from '../accounts/administrators.ts'
import type { Authenticators } from '../accounts/authenticators.ts'
import type { Devices } from '../accounts/devices.ts'
import type { FaceConsents } from '../accounts/identity-proofing/face-consents.ts'
import type { IdentityProofs } from '../accounts/identity-proofing/identity-proofs.ts'
import type { Representations } from '../accounts/mandates/representations.ts'
import type { MethodLocks } from '../accounts/method-locks.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { Notifier } from '../accounts/notices.ts'
import type { PhoneProofs } from '../accounts/phone-proofs.ts'
import type { PhoneOwners } from '../proofing/phone-owners.ts'
import type { PopulationRegister } from '../proofing/population-register.ts'
import type { BreachedPasswords } from '../accounts/passwords/breached.ts'
import type { Passwords } from '../accounts/passwords/hash.ts'
import type { UpstreamLinks } from '../accounts/upstream-links.ts'
import type { EndSignIns } from '../accounts/sign-in-endings.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Channels } from '../channels/channel-client.ts'
import type { Client } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { PhoneCodes } from '../guards/phone-codes/phone-codes.ts'
import type { RegisterMatches } from '../guards/register-matches.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { CookieKeys } from '../keys/cookie-keys.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { SignatureServer } from '../keys/guomi/svs/signature-server.ts'
import type { AccessTokens } from '../oidc/access-tokens.ts'
import type { FacePool } from '../proofing/face/pool.ts'
import type { VerifiersByPurpose } from '../proofing/face/choose-verifier.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { UpstreamSessions } from '../sessions/upstream-sessions.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Database } from '../storage/database.ts'
import type { Events } from '../storage/events.ts'
import type { WatchedUpstreams } from '../upstreams/outages.ts'
import type { LoginMethod } from './method.ts'
import type { Signatures } from './text-signatures.ts'

/** Every service that a login method may take; each method's `…Deps` names the few that it does take. */
export interface MethodServices {
  settings: Settings
  clock: Clock
  database: Database
  artifacts: Artifacts
  events: Events
  cipher: FieldCipher
  blindIndex: BlindIndex
  cookieKeys: CookieKeys
  persons: NaturalPersons
  representations: Pick<Representations, 'of'>
  administrators: Administrators
  authenticators: Authenticators
  methodLocks: MethodLocks
  devices: Devices
  notifier: Notifier
  phoneProofs: PhoneProofs
  phoneOwners: PhoneOwners
  register: PopulationRegister
  channels: Channels
  upstreams: Pick<WatchedUpstreams, 'list' | 'client' | 'isDown'>
  upstreamLinks: UpstreamLinks
  upstreamSessions: UpstreamSessions
  sessions: Sessions
  endSignIns: EndSignIns
  passwords: Passwords
  breached: BreachedPasswords
  faceConsents: FaceConsents
  identityProofs: IdentityProofs
  faceVerifiers: VerifiersByPurpose
  facePool: FacePool
  matches: RegisterMatches
  phoneCodes: PhoneCodes
  signatures: Signatures
  accessTokens: AccessTokens
  /** Undefined where the settings have none. */
  signatureServer: Pick<SignatureServer, 'verify' | 'certState'> | undefined
  audit: AuditLog
  ownClientId: string
  findClient(id: string): Promise<Client | undefined>
}

/** Exported by the `method.ts` of each method. Undefined for a method that the settings do not have. */
export type CreateMethod = (services: MethodServices) => LoginMethod | undefined
