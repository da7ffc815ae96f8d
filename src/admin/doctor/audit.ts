import { hourMs } from '../../config/time.ts'
import { checkpointFileOf, readCheckpointFile } from '../../audit/checkpoint-file.ts'
import { oldestUnsigned } from '../../audit/unsigned.ts'
import { verifyAuditLog } from '../../audit/verify.ts'
import { beginOf, monthAfter, monthOf } from '../../config/months.ts'
import { createVerifierOfStore } from '../../keys/document-signatures.ts'
import { isPostgres } from '../../storage/database.ts'
import { isRight, readClock } from '../../storage/store-clock.ts'
import { entriesInRest, isDivided, missingMonths } from '../../storage/audit-months.ts'
import { weekMs } from '../../storage/audit-partitions.ts'
import { setClock, type Finding } from './finding.ts'
import type { Services } from '../../services.ts'

/** A server signs once a minute: older entries without a checkpoint mean that no server runs. */
const unsignedMs = hourMs

export async function auditLog(services: Services): Promise<Finding> {
  const { database, settings, dataKeys } = services
  const what = 'audit log'
  const nextTo = readCheckpointFile(checkpointFileOf(settings.dataDir))
  const check = await verifyAuditLog({
    database,
    verify: await createVerifierOfStore(services),
    elsewhere: nextTo === undefined ? [] : [nextTo],
    cipher: dataKeys.auditCipher,
    newestOnly: true,
  })
  if (!check.whole) {
    const finding = `broken (${check.kind}) at entry ${check.sequence}: ${check.fault}`
    const todo = 'keep a copy of the store as evidence and compare it with your backups'
    return { state: 'fail', what, finding, todo }
  }
  if (check.checkpoints > 0 && nextTo === undefined) {
    const finding = 'the file of the newest checkpoint is missing: a removed end of the log would not be detected'
    const todo =
      'npx yideng audit verify --checkpoint FILE, with the checkpoints of your own log; a server writes the file again'
    return { state: 'warn', what, finding, todo }
  }
  const { entries, unsigned } = check
  const [restored] = check.restored ?? []
  if (!restored) return { state: 'ok', what, finding: `whole, ${entries} entries, ${unsigned} not signed yet` }
  const [at, from] = [restored.at, restored.backupAt].map((time) => new Date(time).toISOString())
  const finding = `whole, ${entries} entries, ${unsigned} not signed yet; restored ${at} from a backup of ${from}: what came between is gone`
  return { state: 'ok', what, finding }
}

/** Finds entries without a signature, and entries that should be archived. */
export async function auditAge({ database, settings, clock }: Services): Promise<Finding[]> {
  const what = 'audit log'
  const { oldest } = await database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.min('at').as('oldest'))
    .executeTakeFirstOrThrow()
  const findings: Finding[] = []
  if (((await oldestUnsigned(database)) ?? Infinity) < clock() - unsignedMs) {
    findings.push({
      state: 'warn',
      what,
      finding: 'its newest entries are not signed',
      todo: 'start the server: it signs once a minute',
    })
  }
  const oldestMonth = beginOf(monthAfter(monthOf(clock()), 1 - settings.auditMonths))
  if ((oldest ?? Infinity) < oldestMonth) {
    const finding = `the store holds entries of more than ${settings.auditMonths} months`
    findings.push({ state: 'warn', what, finding, todo: 'npx yideng audit archive --to DIRECTORY' })
  }
  return findings
}

/** On PostgreSQL, checks that each month is a partition, also the next ones. */
export async function auditMonths({ database, settings, clock }: Services): Promise<Finding[]> {
  if (!settings.databaseUrl) return []
  const what = 'audit months'
  if (!(await isDivided(database))) {
    const finding = 'the audit log is one table, so archived months are deleted row by row'
    return [{ state: 'warn', what, finding, todo: 'npx yideng audit divide; servers may run' }]
  }
  const missing = await missingMonths(database, clock(), clock() + weekMs)
  const inRest = await entriesInRest(database)
  if (missing.length === 0 && inRest === 0)
    return [{ state: 'ok', what, finding: 'one partition for each month, also the next ones' }]
  const finding =
    inRest > 0 ? `${inRest} entries are in no month` : `there is no partition yet for ${missing.join(', ')}`
  const todo = 'npx yideng audit divide makes them; a running server does so each hour, and logs a failure'
  return [{ state: 'warn', what, finding, todo }]
}

/** An entry from the future means that a clock was wrong: this machine's, unless PostgreSQL has the same time. */
export async function clockAndAuditLog({ database, clock, settings }: Services): Promise<Finding> {
  const { newest } = await database
    .selectFrom('audit_events')
    .select(({ fn }) => fn.max('at').as('newest'))
    .executeTakeFirstOrThrow()
  const now = clock()
  const shown = new Date(now).toISOString()
  if (!newest || newest <= now) return { state: 'ok', what: 'clock', finding: shown }
  const finding = `${shown} is before the newest audit entry (${new Date(newest).toISOString()})`
  const right = isPostgres(database) && isRight(await readClock(database, clock), settings.clockSeconds * 1000)
  if (!right) return { state: 'fail', what: 'clock', finding, todo: setClock }
  const todo =
    'npx yideng doctor on the other machines: one of them is wrong, or was; this one has the time of PostgreSQL'
  return { state: 'warn', what: 'clock', finding, todo }
}
