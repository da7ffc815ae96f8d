import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SettingsError } from '../../config/settings.ts'
import type { Services } from '../../services.ts'
import type { CommandContext } from '../command-context.ts'
import { oneAddress } from './addresses.ts'
import { auditAge, auditLog, auditMonths, clockAndAuditLog } from './audit.ts'
import { channelAnswers, channelFile } from './channels.ts'
import { breachedPasswords, issuer, nodeVersion, proxy, resources } from './configuration.ts'
import { dataKeys } from './data-key-checks.ts'
import { disk } from './disk.ts'
import { artifactFile, keyFiles, storeFile } from './files.ts'
import type { Finding } from './finding.ts'
import { answering, passkeysOfIssuer } from './issuer.ts'
import { signingKeyAge, unusableKeys } from './keys.ts'
import { logoutNotices } from './logout-notices.ts'
import { portalsAndNames } from './portals.ts'
import { machines } from './machines.ts'
import { oldProofs } from './old-proofs.ts'
import { phoneVendors } from './phone-vendors.ts'
import { postgresServer, redisOwner, redisServer } from './servers.ts'
import { signatureServer } from './signature-server.ts'
import { certificate } from './tls.ts'
import { certificateFile } from './certificates.ts'
import { upstreamAnswers, upstreamFile } from './upstreams.ts'

/** Checks everything that a running Yideng needs. It changes nothing, and continues after a fault where possible. */
export async function examine(context: CommandContext): Promise<Finding[]> {
  const settings = await context.settings().catch((error: unknown) => {
    if (error instanceof SettingsError) return error
    throw error
  })
  if (settings instanceof SettingsError) {
    const todo = 'correct it (docs/settings.md), then run doctor again: the other checks did not run'
    return [nodeVersion(), { state: 'fail', what: 'settings', finding: settings.message, todo }]
  }
  const keys = keyFiles(settings)
  const store = settings.databaseUrl ? await postgresServer(settings, context.clock) : storeFile(settings)
  const breached = await breachedPasswords(settings)
  const channels = channelFile(settings)
  const upstreams = upstreamFile(settings)
  const before = [
    nodeVersion(),
    { state: 'ok', what: 'settings', finding: 'all are valid' } as const,
    issuer(settings),
    ...(await certificate(settings, context.clock())),
    ...proxy(settings),
    resources(settings),
    ...disk(settings),
    ...breached,
    ...channels,
    ...upstreams,
    ...certificateFile(settings, context.clock()),
  ]
  const after = settings.redisUrls ? await redisServer(settings) : artifactFile(settings)
  // opening the services would make missing files and run migrations, and doctor changes nothing
  const unusable = await unusableKeys(context)
  const openable =
    unusable.length === 0 &&
    [...breached, ...channels, ...upstreams, ...store].every(({ state }) => state === 'ok') &&
    ['data.json', 'signing.json'].every((name) => existsSync(join(settings.keysDir, name)))
  return [...before, ...keys, ...unusable, ...store, ...(openable ? await openedChecks(context) : []), after]
}

/** The checks that need the open services. */
async function openedChecks(context: CommandContext): Promise<Finding[]> {
  let services: Services
  try {
    services = await context.services()
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    return [
      { state: 'fail', what: 'data keys', finding: error.message, todo: 'restore the keys that belong to this store' },
    ]
  }
  return [
    ...(await dataKeys(services)),
    ...(await machines(services)),
    await signingKeyAge(context),
    ...(await signatureServer(await context.settings())),
    ...(await answering(context)),
    ...(await redisOwner(services)),
    ...(await passkeysOfIssuer(services)),
    ...(await oneAddress(services)),
    ...(await portalsAndNames(services)),
    ...(await phoneVendors(services)),
    ...(await oldProofs(services, await context.settings(), context.clock())),
    await auditLog(services),
    ...(await auditAge(services)),
    ...(await auditMonths(services)),
    await clockAndAuditLog(services),
    await logoutNotices(services),
    ...(await channelAnswers(services)),
    ...(await upstreamAnswers(services)),
  ]
}
