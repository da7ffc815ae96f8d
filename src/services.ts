import { createAdministrators, type Administrators } from './accounts/administrators.ts'
import { createAuthenticators, type Authenticators } from './accounts/authenticators.ts'
import type { FaceConsents } from './accounts/identity-proofing/face-consents.ts'
import type { NumberDisputes } from './accounts/identity-proofing/number-disputes.ts'
import type { IdentityProofs } from './accounts/identity-proofing/identity-proofs.ts'
import { createClosing, type Closing } from './accounts/closing.ts'
import { createDevices, type Devices } from './accounts/devices.ts'
import { createMethodLocks, type MethodLocks } from './accounts/method-locks.ts'
import { createNotifier, type Notifier } from './accounts/notices.ts'
import { openBreachedPasswords, type BreachedPasswords } from './accounts/passwords/breached.ts'
import { createConsents, type Consents } from './accounts/consents.ts'
import type { LegalPersons } from './accounts/legal-persons.ts'
import type { Mandates } from './accounts/mandates/mandates.ts'
import type { Principals } from './accounts/mandates/principals.ts'
import type { Representations } from './accounts/mandates/representations.ts'
import { createRecovery, type Recovery } from './accounts/account-recovery/account-recovery.ts'
import { createNaturalPersons, type NaturalPersons } from './accounts/natural-persons.ts'
import { createRepresenteeChoices, type RepresenteeChoices } from './accounts/representee-choices.ts'
import { createEndSignIns, type EndSignIns } from './accounts/sign-in-endings.ts'
import type { AuditEvent } from './audit/audit-events.ts'
import type { Sums } from './audit/sums.ts'
import { createAuditLog, type AuditLog } from './audit/audit-log.ts'
import { createInbox, type Inbox } from './channels/senders/inbox.ts'
import { createClients, type Clients } from './clients/clients.ts'
import type { Clock } from './config/clock.ts'
import { SettingsError, type Settings } from './config/settings.ts'
import { openCookieKeys } from './keys/cookie-keys.ts'
import type { DataKeys } from './keys/data-keys.ts'
import { createRowSeal, type RowSeal } from './keys/row-seal.ts'
import { shareKeys } from './keys/shared-keys.ts'
import { openSigningKeys } from './keys/signing-keys.ts'
import { type EmbeddedBusinessRegister } from './proofing/embedded-business-register.ts'
import {
  createEmbeddedPopulationRegister,
  type EmbeddedPopulationRegister,
} from './proofing/embedded-population-register.ts'
import type { FaceReferences } from './proofing/face/references.ts'
import type { Events } from './storage/events.ts'
import { databaseFile, openEvents } from './storage/stores.ts'
import { migrate, openDatabase, type Database, type Queried } from './storage/database.ts'
import { markDemo } from './storage/demo-mark.ts'
import { openActing, openFaces } from './accounts/openings.ts'
import { createApprovals, type Approvals } from './accounts/approvals.ts'
import { openDataKeysOf } from './keys/data-keys-of-store.ts'

/** What server and command line have in common: the durable store and the services over it. */
export interface Services {
  settings: Settings
  clock: Clock
  database: Database
  /** Migrations run by this opening. */
  migrated: string[]
  dataKeys: DataKeys
  audit: AuditLog
  register: EmbeddedPopulationRegister
  businessRegister: EmbeddedBusinessRegister
  persons: NaturalPersons
  endSignIns: EndSignIns
  legalPersons: LegalPersons
  principals: Principals
  mandates: Mandates
  representations: Representations
  representeeChoices: RepresenteeChoices
  authenticators: Authenticators
  breached: BreachedPasswords
  consents: Consents
  devices: Devices
  inbox: Inbox
  notifier: Notifier
  methodLocks: MethodLocks
  recovery: Recovery
  closing: Closing
  clients: Clients
  faceReferences: FaceReferences
  faceConsents: FaceConsents
  identityProofs: IdentityProofs
  numberDisputes: NumberDisputes
  /** Seals the rows of authenticators. */
  seal: RowSeal
  /** Compares the key files with those of the other machines on this store (src/keys/shared-keys.ts). */
  shareKeys(): Promise<void>
  /** The key files of this machine were changed: all server processes follow now. */
  keysChanged(): Promise<void>
  administrators: Administrators
  approvals: Approvals
  close(): Promise<void>
}

/** What a server has, and a command line does without. */
interface Surroundings {
  /** Told of each act, to count it. */
  seen?: (event: AuditEvent) => void
  sums?: Sums
  /** Told of each query, to trace it. */
  queried?: Queried | undefined
  /** Of its own, and its own to stop. Without them the house only speaks. */
  events?: Events
  /** Told where the servers could not be told of a change. */
  publishFailed?: (error: unknown) => void
  /** Told of an authenticator whose seal does not hold: somebody changed the store. */
  unsealed?: (row: { id: string; kind: string }) => void
}

/**
 * Opens the durable store (made and migrated where needed) and the services over it. Where that fails, nothing stays open:
 * a pool or a line of events would keep the process from ending.
 * @throws SettingsError
 */
export async function openServices(
  settings: Settings,
  clock: Clock,
  surroundings: Surroundings = {},
): Promise<Services> {
  const { queried, publishFailed = () => undefined } = surroundings
  const breached = await openBreachedPasswordsOf(settings)
  const events = surroundings.events ?? openEvents(settings, { listens: false, failed: publishFailed })
  const opened: Opened = { breached, events }
  const close = async () => {
    if (!surroundings.events) await events.stop()
    await opened.database?.destroy()
    await breached.close()
  }
  try {
    opened.database = openDatabase(settings.databaseUrl || databaseFile(settings), queried)
    return await createServices({ ...opened, database: opened.database, settings, clock, surroundings, close })
  } catch (error) {
    await close()
    throw error
  }
}

interface Opened {
  breached: BreachedPasswords
  events: Events
  database?: Database
}

/** The services over what was opened. */
async function createServices(
  deps: Required<Opened> & Pick<Services, 'settings' | 'clock' | 'close'> & { surroundings: Surroundings },
): Promise<Services> {
  const { breached, events, database, settings, clock, surroundings, close } = deps
  const { seen, sums, unsealed = () => undefined } = surroundings
  const { publish } = events
  const migrated = await migrate(database)
  const dataKeys = await openDataKeysOf(database, settings.keysDir)
  await markDemo(database, settings)
  const { cipher, auditCipher, blindIndex, lookup } = dataKeys
  const share = async () => {
    if (!settings.databaseUrl) return
    if (await shareKeys({ database, cipher, directory: settings.keysDir })) publish('keys', 'shared')
  }
  if (settings.databaseUrl) makeKeys(settings.keysDir, clock)
  await share()
  const audit = createAuditLog({ database, cipher: auditCipher, clock, seen, sums })
  const register = createEmbeddedPopulationRegister({ database, blindIndex, clock })
  const { session, refreshToken } = settings.lifetimes
  const endSignIns = createEndSignIns({ clock, lifetime: Math.max(session, refreshToken) })
  const seal = createRowSeal(cipher)
  const authenticators = createAuthenticators({ database, seal, sealedFrom: dataKeys.sealedFrom, unsealed, clock })
  const inbox = createInbox({ database, cipher, clock })
  const notifier = createNotifier(inbox)
  const shared = {
    database,
    cipher,
    blindIndex,
    lookup,
    audit,
    register,
    authenticators,
    endSignIns,
    notifier,
    publish,
    clock,
  }
  const persons = createNaturalPersons(shared)
  const methodLocks = createMethodLocks(shared)
  const acting = openActing({ ...shared, persons })
  const { legalPersons } = acting
  const faces = openFaces({ ...shared, persons, legalPersons, waitSeconds: settings.numberLossWaitSeconds })
  return {
    ...acting,
    ...faces,
    settings,
    clock,
    database,
    migrated,
    dataKeys,
    audit,
    register,
    persons,
    endSignIns,
    authenticators,
    breached,
    representeeChoices: createRepresenteeChoices({ database, audit, clock }),
    consents: createConsents({ database, audit, clock }),
    devices: createDevices({ database, cipher, blindIndex, audit, clock }),
    inbox,
    notifier,
    methodLocks,
    recovery: createRecovery({
      database,
      authenticators,
      methodLocks,
      notifier,
      audit,
      endSignIns,
      blindIndex,
      publish,
      clock,
      times: settings.recovery,
    }),
    closing: createClosing({
      database,
      cipher,
      references: faces.faceReferences,
      audit,
      notifier,
      endSignIns,
      publish,
      clock,
      days: settings.closingDays,
    }),
    clients: createClients({ database, audit, publish, clock }),
    seal,
    shareKeys: share,
    async keysChanged() {
      await share()
      publish('keys', 'changed')
    },
    administrators: createAdministrators({ database, audit, clock }),
    approvals: createApprovals({ database, cipher, audit, clock }),
    close,
  }
}

/** @throws SettingsError when the file cannot be used */
async function openBreachedPasswordsOf({ breachedPasswordsFile: file }: Settings): Promise<BreachedPasswords> {
  try {
    return await openBreachedPasswords(file)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new SettingsError(`The setting YIDENG_BREACHED_PASSWORDS=${JSON.stringify(file)} cannot be used: ${why}.`)
  }
}

/** What is shared has to be there: whichever machine is first gives its own. */
function makeKeys(keysDir: string, clock: Clock): void {
  openSigningKeys(keysDir, clock)
  openCookieKeys(keysDir)
}
