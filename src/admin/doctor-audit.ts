import { beginOf, monthAfter, monthOf } from '../audit/archives.ts'
import { checkpointFileOf, readCheckpointFile } from '../audit/checkpoints.ts'
import { verifyTrail } from '../audit/verify.ts'
import { createVerifier } from '../keys/signatures.ts'
import type { Finding } from './finding.ts'
import type { Back } from './house.ts'

/** The server signs once a minute, so older entries without a checkpoint mean that none runs. */
const unsignedMs = 3_600_000

export async function auditTrail({ database, settings, clock }: Back): Promise<Finding> {
  const what = 'audit trail'
  const beside = readCheckpointFile(checkpointFileOf(settings.dataDir))
  const trail = await verifyTrail({
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
export async function auditAge({ database, settings, clock }: Back): Promise<Finding[]> {
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
