import { createRecovery } from './accounts/account-recovery/account-recovery.ts'
import { createAdministrators } from './accounts/administrators.ts'
import { createApprovals } from './accounts/approvals.ts'
import { createAuthenticators, type AuthenticatorsDeps } from './accounts/authenticators.ts'
import { createClosing } from './accounts/closing.ts'
import { createMerging } from './accounts/merging.ts'
import { createConsents } from './accounts/consents.ts'
import { createDevices } from './accounts/devices.ts'
import { createFaceConsents } from './accounts/identity-proofing/face-consents.ts'
import { createNumberDisputes } from './accounts/identity-proofing/number-disputes.ts'
import { createIdentityProofs } from './accounts/identity-proofing/identity-proofs.ts'
import { createLegalPersons } from './accounts/legal-persons.ts'
import { createInvitationCodes } from './accounts/mandates/invitation-codes.ts'
import { createMandates } from './accounts/mandates/mandates.ts'
import { createPrincipals } from './accounts/mandates/principals.ts'
import { createRepresentations } from './accounts/mandates/representations.ts'
import { createMethodLocks } from './accounts/method-locks.ts'
import { createNaturalPersons } from './accounts/natural-persons.ts'
import { createNotifier } from './accounts/notices.ts'
import { openBreachedPasswordsOf, type BreachedPasswords } from './accounts/passwords/breached.ts'
import { createRepresenteeChoices } from './accounts/representee-choices.ts'
import { createEndSignIns } from './accounts/sign-in-endings.ts'
import { createPersonLookups } from './accounts/person-lookups.ts'
import { createSupersede } from './accounts/superseding.ts'
import type { WaysIn } from './accounts/sign-in-kinds.ts'
import { createUpstreamLinks } from './accounts/upstream-links.ts'
import type { AuditEvent } from './audit/audit-events.ts'
import { createAuditLog, type AuditLog } from './audit/audit-log.ts'
import { digestOf } from './audit/chain.ts'
import type { Sums } from './audit/sums.ts'
import { readChannels } from './channels/channels.ts'
import { createChannels } from './channels/open-channels.ts'
import { createInbox } from './channels/senders/inbox.ts'
import { createClients } from './clients/clients.ts'
import type { Clock } from './config/clock.ts'
import type { Settings } from './config/settings.ts'
import { createChannelFetch } from './guards/channel-fetch.ts'
import { openPhones, type TextOptions } from './guards/open-phones.ts'
import { openDataKeysOf } from './keys/data-keys-of-store.ts'
import type { DataKeys } from './keys/data-keys.ts'
import { openKeyFiles } from './keys/open-key-files.ts'
import type { Fetch } from './guards/outbound.ts'
import { openUpstreams } from './guards/open-upstreams.ts'
import { knownOrigins } from './login/known-origins.ts'
import { createTwoFactors } from './accounts/two-factors.ts'
import { createRowGuard, type RefusedRow } from './keys/row-guard.ts'
import { createRowSeal } from './keys/row-seal.ts'
import { createEmbeddedBusinessRegister } from './proofing/embedded-business-register.ts'
import { createEmbeddedPopulationRegister } from './proofing/embedded-population-register.ts'
import { createFaceReferences } from './proofing/face/references.ts'
import { migrate, openDatabase, type Database, type Queried } from './storage/database.ts'
import { markDemo } from './storage/demo-mark.ts'
import type { Events } from './storage/events.ts'
import { databaseFile, openEvents } from './storage/stores.ts'

/** The durable store and every service over it; server and command line share them. */
export type Services = Awaited<ReturnType<typeof createServices>>

/** Options of a server process. A command line needs none of them. */
interface ServiceOptions {
  /** Called for each act, to count it. */
  seen?: (event: AuditEvent) => void
  texts?: TextOptions
  sums?: Sums
  /** Adds traces to calls of upstreams. */
  traced?: (fetch: Fetch) => Fetch
  /** Called for each query, to trace it. */
  queried?: Queried | undefined
  /** The caller's own events, which the caller also stops. Without them the services only publish. */
  events?: Events
  /** Called when a change could not be published to the servers. */
  publishFailed?: (error: unknown) => void
  /** Called for each use of a row without a valid seal: another program changed the store. */
  refusedRow?: (row: RefusedRow) => void
}

/**
 * Opens the durable store (made and migrated if needed) and the services over it. After a failure nothing stays open:
 * an open pool or event connection would keep the process running.
 * @throws SettingsError
 */
export async function openServices(settings: Settings, clock: Clock, options: ServiceOptions = {}): Promise<Services> {
  const { queried, publishFailed = () => undefined } = options
  const breached = await openBreachedPasswordsOf(settings)
  const events = options.events ?? openEvents(settings, { listens: false, failed: publishFailed })
  const opened: Opened = { breached, events }
  const close = async () => {
    if (!options.events) await events.stop()
    await opened.database?.destroy()
    await breached.close()
  }
  try {
    opened.database = openDatabase(settings.databaseUrl || databaseFile(settings), queried)
    return await createServices({ settings, clock, options, events, breached, close, database: opened.database })
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

interface Opening extends Required<Opened> {
  settings: Settings
  clock: Clock
  options: ServiceOptions
  close(): Promise<void>
}

async function createServices(opening: Opening) {
  const { settings, clock, options, events, breached, database, close } = opening
  /** Migrations run by this opening. */
  const migrated = await migrate(database)
  const dataKeys = await openDataKeysOf(database, settings)
  await markDemo(database, settings)
  const keyFiles = await openKeyFiles(opening, dataKeys.cipher)
  const base = { settings, clock, database, migrated, dataKeys, breached, close, ...keyFiles }
  const { seen, sums } = options
  const digest = digestOf(settings.suite)
  const audit = createAuditLog({ database, cipher: dataKeys.auditCipher, clock, digest, seen, sums })
  const upstreams = openUpstreams(settings, clock, options.traced)
  const channelList = readChannels(settings)
  const origins = knownOrigins(settings, channelList)
  const people = createPeople(opening, dataKeys, audit, { upstreams, origins })
  const organisations = createOrganisations(opening, dataKeys, audit, people)
  const faces = createFaces(opening, dataKeys, audit, people, organisations)
  const { authenticators, methodLocks, notifier, endSignIns } = people
  const { publish } = events
  const { cipher, blindIndex } = dataKeys
  const { recovery: times, closingDays: days } = settings
  const { faceReferences: references } = faces
  /** Without the store of the servers: they have channels of their own (wiring/core.ts). */
  const channels = createChannels({
    channels: channelList,
    fetch: createChannelFetch(),
    artifacts: undefined,
    cipher,
    clock,
  })
  return {
    ...base,
    close: () => audit.release().then(close, close),
    audit,
    channels,
    upstreams,
    ...people,
    ...organisations,
    ...faces,
    representeeChoices: createRepresenteeChoices({ database, audit, clock }),
    consents: createConsents({ database, audit, clock }),
    /** Tells the servers that each check of a password is more work now. */
    publishPasswordWork: () => publish('password-work', ''),
    upstreamLinks: createUpstreamLinks({
      database,
      cipher,
      seal: people.seal,
      blindIndex,
      unsealed: ({ id }) => options.refusedRow?.({ table: 'upstream_links', id }),
      clock,
    }),
    devices: createDevices({ database, cipher, blindIndex, audit, clock }),
    recovery: createRecovery({
      database,
      authenticators,
      methodLocks,
      notifier,
      audit,
      endSignIns,
      blindIndex,
      phoneProofs: people.phoneProofs,
      isOnRecord: people.persons.isOnRecord,
      publish,
      clock,
      times,
    }),
    merging: createMerging({ database, seal: people.seal, endSignIns, notifier, audit, publish, clock }),
    closing: createClosing({ database, cipher, references, audit, notifier, endSignIns, publish, clock, days }),
    clients: createClients({ database, guard: people.guard, audit, publish, clock, idTokenAlg: settings.idTokenAlg }),
    administrators: createAdministrators({ database, guard: people.guard, audit, clock }),
    twoFactors: createTwoFactors({ database, required: settings.twoFactors }),
    personLookups: createPersonLookups({ database, persons: people.persons, audit, clock }),
    approvals: createApprovals({ database, cipher, audit, clock }),
  }
}

type People = ReturnType<typeof createPeople>

/** Natural persons, their authenticators, and their notifications. */
function createPeople(
  { settings, clock, options, events, database }: Opening,
  dataKeys: DataKeys,
  audit: AuditLog,
  { upstreams, origins }: Pick<WaysIn, 'upstreams'> & Pick<AuthenticatorsDeps, 'origins'>,
) {
  const { cipher, blindIndex, lookup, sealedFrom, rowsSealedFrom, suite } = dataKeys
  const { session, refreshToken } = settings.lifetimes
  const { publish } = events
  const { refusedRow: refused = () => undefined, texts } = options
  const unsealed = ({ id }: { id: string }) => refused({ table: 'authenticators', id })
  const seal = createRowSeal(cipher, suite)
  const guard = createRowGuard({ seal, sealedFrom: rowsSealedFrom, refused, clock })
  const register = createEmbeddedPopulationRegister({ database, blindIndex, clock })
  const endSignIns = createEndSignIns({ clock, lifetime: Math.max(session, refreshToken) })
  const authenticators = createAuthenticators({ database, seal, sealedFrom, origins, unsealed, clock })
  const inbox = createInbox({ database, cipher, clock })
  const notifier = createNotifier(inbox)
  const phones = openPhones({ settings, database, blindIndex, notifier, audit, endSignIns, publish, texts, clock })
  const persons = createNaturalPersons({
    database,
    cipher,
    lookup,
    audit,
    phoneProofs: phones.phoneProofs,
    register,
    authenticators,
    endSignIns,
    notifier,
    publish: events.publish,
    clock,
  })
  const methodLocks = createMethodLocks({ database, authenticators, upstreams, notifier, audit, clock })
  return { register, persons, endSignIns, authenticators, seal, guard, inbox, notifier, methodLocks, ...phones }
}

type Organisations = ReturnType<typeof createOrganisations>

/** Legal persons, mandates, and representation. */
function createOrganisations(
  { clock, events, database }: Opening,
  dataKeys: DataKeys,
  audit: AuditLog,
  people: People,
) {
  const { cipher, blindIndex } = dataKeys
  const { persons, guard, notifier } = people
  const { publish } = events
  const register = createEmbeddedBusinessRegister({ database, cipher, blindIndex, clock })
  const shared = { database, guard, cipher, blindIndex, clock }
  const legalPersons = createLegalPersons({ ...shared, register, persons, audit, notifier, publish })
  const principals = createPrincipals({ ...shared, legalPersons, persons })
  const invitationCodes = createInvitationCodes({ ...shared, persons })
  return {
    businessRegister: register,
    legalPersons,
    principals,
    mandates: createMandates({ ...shared, persons, principals, invitationCodes, audit, notifier, publish }),
    representations: createRepresentations({
      database,
      guard,
      cipher,
      legalPersons,
      principals,
      invitationCodes,
      clock,
    }),
  }
}

/** Face templates, consents to them, and proofs of identity. */
function createFaces(
  { settings, clock, events, database }: Opening,
  dataKeys: DataKeys,
  audit: AuditLog,
  people: People,
  { legalPersons }: Organisations,
) {
  const { cipher, blindIndex, lookup } = dataKeys
  const { register, persons, authenticators, notifier, endSignIns } = people
  const { publish } = events
  const { numberLossWaitSeconds: waitSeconds } = settings
  const disputes = createNumberDisputes({ database, notifier, audit, waitSeconds, clock })
  const references = createFaceReferences({ database, cipher, blindIndex, clock })
  const supersede = createSupersede({ legalPersons, endSignIns, notifier, audit, clock })
  return {
    numberDisputes: disputes,
    faceReferences: references,
    faceConsents: createFaceConsents({ database, persons, references, notifier, audit, clock }),
    identityProofs: createIdentityProofs({
      database,
      lookup,
      register,
      persons,
      authenticators,
      disputes,
      supersede,
      notifier,
      audit,
      publish,
      clock,
    }),
  }
}
