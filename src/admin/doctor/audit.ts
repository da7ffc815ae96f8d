import { hourMs } from '../../config/time.ts'
import { checkpointFileOf, readCheckpointFile } from '../../audit/checkpoints.ts'
import { verifyAuditLog } from '../../audit/verify.ts'
import { beginOf, monthAfter, monthOf } from '../../config/months.ts'
import { createVerifier } from '../../keys/signatures.ts'
import { entriesInRest, isDivided, missingMonths } from '../../storage/audit-months.ts'
import { weekMs } from '../../storage/audit-partitions.ts'
import type { Finding } from './finding.ts'
import type { Services } from '../../services.ts'

/** The server signs once a minute, so older entries without a checkpoint mean that none runs. */
const unsignedMs = hourMs

export async function auditLog({ database, settings, clock }: Services): Promise<Finding> {
  const what = 'audit trail'
  const beside = readCheckpointFile(checkpointFileOf(settings.dataDir))
  const trail = await verifyAuditLog({
    database,
    verify: createVerifier(settings.keysDir, clock),
    elsewhere: beside === undefined ? [] : [beside],
    newestOnly: true,
  })
  if (!trail.whole) {
    const finding = `broken (${trail.kind}) at entry ${trail.sequence}: ${trail.fault}`
    const todo = 'keep a copy of the store as evidence and compare it with your backups'
    return { state: 'fail', what, finding, todo }
  }
  if (trail.checkpoints > 0 && beside === undefined) {
    const finding = 'the newest checkpoint is not beside the store: an end that was cut off would not show'
    const todo = 'npx yideng audit verify --checkpoint FILE, with the checkpoints of your log; a server makes it anew'
    return { state: 'warn', what, finding, todo }
  }
  return { state: 'ok', what, finding: `whole, ${trail.entries} entries, ${trail.unsigned} not signed yet` }
}

/** Entries that nobody signs, or that should be in the archive. */
export async function auditAge({ database, settings, clock }: Services): Promise<Finding[]> {
  const what = 'audit trail'
  const { signed } = await database
    .selectFrom('audit_checkpoints')
    .select(({ fn }) => fn.max('last_sequence').as('signed'))
    .executeTakeFirstOrThrow()
  const oldestAfter = async (sequence: number) => {
    const { at } = await database
      .selectFrom('audit_events')
      .select(({ fn }) => fn.min('at').as('at'))
      .where('sequence', '>', sequence)
      .executeTakeFirstOrThrow()
    return at ?? Infinity
  }
  const findings: Finding[] = []
  if ((await oldestAfter(signed ?? 0)) < clock() - unsignedMs) {
    findings.push({
      state: 'warn',
      what,
      finding: 'nobody signs its newest entries',
      todo: 'start the server: it signs once a minute',
    })
  }
  const kept = beginOf(monthAfter(monthOf(clock()), 1 - settings.auditMonths))
  if ((await oldestAfter(0)) < kept) {
    const finding = `the store holds entries of more than ${settings.auditMonths} months`
    findings.push({ state: 'warn', what, finding, todo: 'npx yideng audit archive --to DIRECTORY' })
  }
  return findings
}

/** PostgreSQL alone: months are partitions, and the coming ones are there. */
export async function auditMonths({ database, settings, clock }: Services): Promise<Finding[]> {
  if (!settings.databaseUrl) return []
  const what = 'audit months'
  if (!(await isDivided(database))) {
    const finding = 'the audit trail is one table, so archived months are deleted row by row'
    return [{ state: 'warn', what, finding, todo: 'npx yideng audit divide; servers may run meanwhile' }]
  }
  const missing = await missingMonths(database, clock(), clock() + weekMs)
  const inRest = await entriesInRest(database)
  if (missing.length === 0 && inRest === 0) return [{ state: 'ok', what, finding: 'a partition each, made ahead' }]
  const finding =
    inRest > 0 ? `${inRest} entries stand in no month` : `there is no partition yet for ${missing.join(', ')}`
  const todo = 'npx yideng audit divide makes them; a running server does so each hour, and its log says why not'
  return [{ state: 'warn', what, finding, todo }]
}
