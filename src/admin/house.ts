import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createAdministrators, type Administrators } from '../accounts/administrators.ts'
import { createAuthenticators, type Authenticators } from '../accounts/authenticators.ts'
import type { FaceConsents } from '../accounts/faces/consents.ts'
import type { NumberClaims } from '../accounts/faces/number-claims.ts'
import type { FaceProofs } from '../accounts/faces/proofs.ts'
import { createClosing, type Closing } from '../accounts/closing.ts'
import { createDevices, type Devices } from '../accounts/devices.ts'
import { createMethodLocks, type MethodLocks } from '../accounts/method-locks.ts'
import { createInbox, type Inbox } from '../accounts/notices.ts'
import { openBreachedPasswords, type BreachedPasswords } from '../accounts/passwords/breached.ts'
import { createConsents, type Consents } from '../accounts/consents.ts'
import type { LegalPersons } from '../accounts/legal-persons.ts'
import type { Mandates } from '../accounts/mandates/mandates.ts'
import type { Principals } from '../accounts/mandates/principals.ts'
import type { Representations } from '../accounts/mandates/representations.ts'
import { createRecovery, type Recovery } from '../accounts/recovery/recovery.ts'
import { createNaturalPersons, type NaturalPersons } from '../accounts/natural-persons.ts'
import { createRepresenteeChoices, type RepresenteeChoices } from '../accounts/representee-choices.ts'
import { createEndSignIns, type EndSignIns } from '../accounts/sign-in-endings.ts'
import type { AuditEvent } from '../audit/events.ts'
import { createAuditTrail, type AuditTrail } from '../audit/trail.ts'
import { createClients, type Clients } from '../clients/clients.ts'
import type { Clock } from '../config/clock.ts'
import { SettingsError, type Settings } from '../config/settings.ts'
import { openCookieKeys } from '../keys/cookie-keys.ts'
import { openDataKeys, type DataKeys } from '../keys/data-keys.ts'
import { belonging, claimKeys, houseRows, readKeysInStore, type KeysInStore } from '../keys/keys-in-store.ts'
import { firstOfOldFiles, keyNumber } from '../keys/lookup-index.ts'
import { createRowSeal, type RowSeal } from '../keys/row-seal.ts'
import { shareKeys } from '../keys/shared-keys.ts'
import { openSigningKeys } from '../keys/signing-keys.ts'
import { type EmbeddedBusinessRegister } from '../proofing/embedded-business-register.ts'
import {
  createEmbeddedPopulationRegister,
  type EmbeddedPopulationRegister,
} from '../proofing/embedded-population-register.ts'
import type { FaceReferences } from '../proofing/face/references.ts'
import type { Events } from '../storage/events.ts'
import { databaseFile, openEvents } from '../storage/stores.ts'
import { migrate, openDatabase, type Database, type Queried } from '../storage/database.ts'
import { openActing, openFaces } from './house-people.ts'
import { createApprovals, type Approvals } from './remote/approvals.ts'

/** What server and command line have in common: the durable store and the services over it. */
export interface Back {
  settings: Settings
  clock: Clock
  database: Database
  /** Migrations run by this opening. */
  migrated: string[]
  dataKeys: DataKeys
  audit: AuditTrail
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
  methodLocks: MethodLocks
  recovery: Recovery
  closing: Closing
  clients: Clients
  faceReferences: FaceReferences
  faceConsents: FaceConsents
  faceProofs: FaceProofs
  numberClaims: NumberClaims
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
  /** Told of each query, to trace it. */
  queried?: Queried | undefined
  /** Of its own, and its own to stop. Without them the house only speaks. */
  events?: Events
  /** Told where the servers could not be told of a change. */
  untold?: (error: unknown) => void
  /** Told of an authenticator whose seal does not hold: somebody changed the store. */
  unsealed?: (row: { id: string; kind: string }) => void
}

/** Opens the durable store (made and migrated where needed) and the services over it. */
export async function openHouse(settings: Settings, clock: Clock, surroundings: Surroundings = {}): Promise<Back> {
  const { seen, queried, untold = () => undefined } = surroundings
  const breached = await openBreachedPasswordsOf(settings)
  const events = surroundings.events ?? openEvents(settings, { listens: false, failed: untold })
  const { tell } = events
  const database = openDatabase(settings.databaseUrl || databaseFile(settings), queried)
  const migrated = await migrate(database)
  const dataKeys = await openDataKeysOf(database, settings.keysDir)
  await markDemo(database, settings)
  const { cipher, auditCipher, blindIndex, lookup } = dataKeys
  const share = async () => {
    if (!settings.databaseUrl) return
    if (await shareKeys({ database, cipher, directory: settings.keysDir })) tell('keys', 'shared')
  }
  if (settings.databaseUrl) makeKeys(settings.keysDir, clock)
  await share()
  const audit = createAuditTrail({ database, cipher: auditCipher, clock, seen })
  const register = createEmbeddedPopulationRegister({ database, blindIndex, clock })
  const { session, refreshToken } = settings.lifetimes
  const endSignIns = createEndSignIns({ clock, lifetime: Math.max(session, refreshToken) })
  const seal = createRowSeal(cipher)
  const { unsealed = () => undefined } = surroundings
  const authenticators = createAuthenticators({ database, seal, sealedFrom: dataKeys.sealedFrom, unsealed, clock })
  const inbox = createInbox({ database, cipher, clock })
  const notifier = inbox
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
    tell,
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
    methodLocks,
    recovery: createRecovery({
      database,
      authenticators,
      methodLocks,
      notifier: inbox,
      audit,
      endSignIns,
      blindIndex,
      tell,
      clock,
      times: settings.recovery,
    }),
    closing: createClosing({
      database,
      cipher,
      references: faces.faceReferences,
      audit,
      notifier: inbox,
      endSignIns,
      tell,
      clock,
      days: settings.closingDays,
    }),
    clients: createClients({ database, audit, tell, clock }),
    seal,
    shareKeys: share,
    async keysChanged() {
      await share()
      tell('keys', 'changed')
    },
    administrators: createAdministrators({ database, audit, clock }),
    approvals: createApprovals({ database, cipher, audit, clock }),
    async close() {
      if (!surroundings.events) await events.stop()
      await database.destroy()
      await breached.close()
    },
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

/**
 * A store belongs to the data keys it was filled under: with others nobody could sign in, and new accounts would be
 * sealed under the wrong ones. So keys are made for a new store only, and others are refused.
 * @throws SettingsError
 */
async function openDataKeysOf(database: Database, keysDir: string): Promise<DataKeys> {
  const refuse = () =>
    new SettingsError(
      `The data keys in ${keysDir} do not belong to this store: restore its data.json (YIDENG_KEYS_DIR) from your backup.`,
    )
  const known = await note(database, houseRows.belonging)
  if (known !== undefined && !existsSync(join(keysDir, 'data.json'))) throw refuse()
  const dataKeys = openDataKeys(keysDir)
  const { underFirstKey, underIndexKeys } = belonging(dataKeys.blindIndex)
  const [oldest = firstOfOldFiles] = dataKeys.lookup.known()
  const mark = await note(database, houseRows.belonging, oldest === firstOfOldFiles ? underFirstKey : underIndexKeys)
  if (mark !== underFirstKey && mark !== underIndexKeys) throw refuse()
  const ids: Omit<KeysInStore, 'fingerprints'> = {
    data: dataKeys.ids().current,
    index: [mark === underFirstKey ? firstOfOldFiles : oldest],
  }
  await note(database, houseRows.ids, JSON.stringify(ids))
  const [another] = await claimKeys(database, dataKeys, await keysInUse(database, dataKeys))
  if (another !== undefined) {
    throw new SettingsError(
      `The data.json in ${keysDir} holds another key ${another} than this store is kept under: carry it from a machine of this store that works.`,
    )
  }
  return dataKeys
}

/** Those of this machine that something may stand under: they are in use here, or in the store. */
async function keysInUse(database: Database, { ids, lookup }: DataKeys): Promise<string[]> {
  const stored = await readKeysInStore(database)
  const upTo = (newest: string) => (id: string) => keyNumber(id) <= keyNumber(newest)
  const { current, old, waiting } = ids()
  return [current, ...old, ...waiting.filter(upTo(stored.data)), ...lookup.known().filter(upTo(stored.index[0]))]
}

/**
 * A store once marked as made-up data stays so.
 * @throws SettingsError in production
 */
async function markDemo(database: Database, { demo, production }: Settings): Promise<void> {
  const marked = (await note(database, 'demo', demo ? 'true' : undefined)) === 'true'
  if (marked && production) {
    throw new SettingsError('The setting YIDENG_DATA_DIR names a store of made-up demo data, which production refuses.')
  }
}

/** What the store knows of itself under a key; a value is kept only where there is none yet. */
async function note(database: Database, key: string, value?: string): Promise<string | undefined> {
  if (value !== undefined) {
    await database
      .insertInto('house')
      .values({ key, value })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute()
  }
  const row = await database.selectFrom('house').select('value').where('key', '=', key).executeTakeFirst()
  return row?.value
}
