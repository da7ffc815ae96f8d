import { createCheckpoints } from '../audit/checkpoints.ts'
import { accountClosings } from '../jobs/account-closings.ts'
import { artifactSweep } from '../jobs/artifact-sweep.ts'
import { auditChains, auditCheckpoints, auditMonths, auditSums } from '../jobs/audit-upkeep.ts'
import { legacyPasswords, legacyWork } from '../jobs/legacy-passwords.ts'
import { keyReports } from '../jobs/key-reports.ts'
import { keyRefresh } from '../jobs/key-rotation.ts'
import { oldProofs } from '../jobs/old-proofs.ts'
import { nameIndexes } from '../jobs/name-indexes.ts'
import { numberDisputesDue } from '../jobs/number-disputes-due.ts'
import { removedCas } from '../jobs/removed-cas.ts'
import { removedChannels } from '../jobs/removed-channels.ts'
import { readinessLooks } from '../jobs/readiness-looks.ts'
import { recoveryStops } from '../jobs/recovery-stops.ts'
import { representationEndings } from '../jobs/representation-endings.ts'
import { startJob, type Job } from '../jobs/runner.ts'
import { sessionEndings } from '../jobs/session-endings.ts'
import { removedUpstreams, upstreamList } from '../jobs/upstream-list.ts'
import { stragglingSeals } from '../jobs/straggling-seals.ts'
import { upstreamChecks } from '../jobs/upstream-checks.ts'
import { createKeyReports } from '../keys/machines.ts'
import type { Core } from './core.ts'
import type { Protocol } from './protocol.ts'

/** Starts every job of a server process. They are stopped in the same order. */
export function startJobs(
  core: Core,
  protocol: Protocol,
  { readiness, isBusy }: { readiness: Parameters<typeof readinessLooks>[0]; isBusy: () => boolean },
): { stop(): Promise<void> }[] {
  const { settings, clock, log, events, artifacts, cookieKeys, services, passwords } = core
  const { provider, sessions, deliveries, deliver, readKeys } = protocol
  const { database, audit, dataKeys, shareKeys, representations, authenticators } = services
  const { channels, upstreams } = core
  const { cipher } = dataKeys
  const { closing, persons, mandates, legalPersons, identityProofs } = services
  const start = (job: Job) => startJob(job, { events, clock, log, isBusy })
  const checkpoints = createCheckpoints({
    database,
    settings,
    clock,
    signatureServer: protocol.signatureServer,
    dataKeys,
  })
  const refreshDataKeys = dataKeys.refresh
  // jobs that end sessions stop before the deliveries; the last checkpoint comes after the last entries
  return [
    start(readinessLooks(readiness)),
    start(keyRefresh({ provider, readKeys, cookieKeys, refreshDataKeys, shareKeys, clock, log })),
    ...(settings.databaseUrl
      ? [start(keyReports(createKeyReports({ database, dataKeys, keysDir: settings.keysDir })))]
      : []),
    start(stragglingSeals({ database, dataKeys, clock, log })),
    start(representationEndings({ database, representations, artifacts, sessions, audit, clock })),
    start(accountClosings({ closing, persons, mandates, legalPersons, sessions })),
    start(oldProofs({ persons, clock, until: settings.oldProofsUntil })),
    start(recoveryStops({ database, clock })),
    start(removedChannels({ settings, channels, database, sessions, authenticators, cipher, clock })),
    start(removedCas({ settings, database, sessions, authenticators, clock })),
    ...(settings.upstreams.file ? [start(upstreamList({ settings, upstreams, log }))] : []),
    start(removedUpstreams({ settings, upstreams, database, sessions, clock })),
    start(upstreamChecks(upstreams)),
    start(numberDisputesDue({ database, identityProofs })),
    start(sessionEndings({ database, sessions, audit, clock })),
    start(legacyPasswords({ database, authenticators, passwords, cipher, clock, log })),
    start(legacyWork({ database, cipher })),
    start(nameIndexes({ database, cipher, lookup: dataKeys.lookup })),
    deliveries.start(deliver),
    start(auditSums(audit)),
    start(auditChains(audit)),
    start(auditCheckpoints(checkpoints, log)),
    ...(settings.databaseUrl ? [start(auditMonths({ database, clock, log }))] : []),
    start(artifactSweep(artifacts)),
  ]
}
