import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { endEverySignIn } from '../../accounts/sign-in-endings.ts'
import { entriesOfArchive } from '../../audit/archive-files.ts'
import { chainOf, startOf } from '../../audit/chain.ts'
import { checkpointFileOf, readCheckpointFile } from '../../audit/checkpoint-file.ts'
import { openCheckpoint } from '../../audit/old-checkpoints.ts'
import { auditCipherIn, restorePointOf, restoring } from '../../audit/restores.ts'
import { openPortable } from '../../audit/roots.ts'
import { createAuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { Settings } from '../../config/settings.ts'
import { dataKeyFile, openDataKeys } from '../../keys/data-keys.ts'
import { createVerifier, verifierOver, type VerifyDocument } from '../../keys/document-signatures.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import { publicKeyOf, readRecordedKeys } from '../../keys/recorded-keys.ts'
import type { RowSeal } from '../../keys/row-seal.ts'
import { CopyRefused, type Content } from '../../storage/copy.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import { artifactsFile, databaseFile } from '../../storage/stores.ts'
import { checkBackup } from './backup-file.ts'
import { changeRows, sealIn } from './restore-rows.ts'
import {
  createLaterEntries,
  endsOf,
  isAfter,
  laterIn,
  noChanges,
  type ChangesSince,
  type Ends,
  type LaterEntries,
} from './restore-changes.ts'
import { transfer, withSource } from './store-transfer.ts'

/** The later changes to undo: true makes the state of the backup valid again. */
export interface Choices {
  administrators: boolean
  locks: boolean
  mandates: boolean
}

export interface Restored {
  copied: Record<string, Content>
  /** Milliseconds since 1970 UTC: the newest audit entry of the backup; 0 where it has none. */
  backupAt: number
  /** Undefined where neither the old store nor archives were named. */
  since: ChangesSince | undefined
  /** The newest checkpoint next to the store: the entries that the backup lacks. */
  signed: { entries: number; at: number } | undefined
  /** Whether the entry of the restore explains to an auditor what is gone; false without data.json. */
  isProven: boolean
  choices: Choices
  done: { administrators: number; locked: number; mandates: number; organisations: number; clients: number }
}

/**
 * Fills an empty store from a backup. It ends every older sign-in and every request for approval.
 * Known locks and endings after the backup stay, unless `choose` undoes them.
 * @param options.choose called with the known changes and the number of administrators in the backup
 * @throws CopyRefused
 */
export async function restore(options: {
  file: string
  settings: Settings
  clock: Clock
  actor: string
  /** The old store. */
  replaces?: string | undefined
  archives: readonly string[]
  choose(since: ChangesSince, administrators: number): Promise<Choices>
  progress?: ((done: number, total: number) => void) | undefined
}): Promise<Restored> {
  const { file, settings, clock, actor, replaces, archives, choose, progress = () => undefined } = options
  checkBackup(file)
  const known = replaces !== undefined || archives.length > 0
  const later = createLaterEntries()
  let since = noChanges()
  let backupAt = 0
  let signed: Restored['signed']
  let isProven = false
  let choices: Choices = { administrators: false, locks: false, mandates: false }
  let done: Restored['done'] = { administrators: 0, locked: 0, mandates: 0, organisations: 0, clients: 0 }

  const copied = await transfer(file, settings.databaseUrl || databaseFile(settings), {
    alone: false,
    progress,
    async first(source) {
      await artifactsMustBeEmpty(settings, clock)
      const ends = await endsOf(source)
      backupAt = ends.at
      const verify = await verifierFor(source, settings, clock)
      await readArchives(archives, { verify, ends, later })
      if (replaces !== undefined) await withSource(replaces, { alone: false }, (other) => laterIn(other, ends, later))
      signed = await newestCheckpoint(settings, verify, ends)
      since = later.changes()
      choices = await choose(since, await administratorsIn(source))
    },
    async after(target) {
      done = await apply(target, since, choices, clock(), sealIn(settings.keysDir))
      const details = { backupAt, until: since.until, entries: since.entries, ...choices, ...done }
      const cipher = auditCipherIn(settings.keysDir)
      const restricted = cipher && (await restorePointOf(target, { at: await nextSecond(clock), backupAt }))
      isProven = cipher !== undefined
      const trail = auditOf(target, clock, cipher)
      await trail.append(target, { event: restoring, actor, details, restricted })
      await trail.release(target)
    },
  })
  return { copied, backupAt, since: known ? since : undefined, signed, isProven, choices, done }
}

/** Waits for the next whole second, at most one; milliseconds since 1970 UTC. */
async function nextSecond(clock: Clock): Promise<number> {
  const now = clock()
  const next = (Math.floor(now / 1000) + 1) * 1000
  await setTimeout(next - now)
  return next
}

/** The sign-ins of the old store must not continue with the restored accounts. */
async function artifactsMustBeEmpty(settings: Settings, clock: Clock): Promise<void> {
  if (settings.redisUrls) {
    const { openRedisArtifacts } = await import('../../storage/artifacts-redis.ts')
    const redis = await openRedisArtifacts(settings.redisUrls, clock, () => undefined)
    try {
      // every server writes this mark first (storage/stores.ts)
      if ((await redis.get('house', 'owner')) !== undefined)
        throw new CopyRefused('the Redis still holds sign-ins: empty it first (redis-cli FLUSHALL)')
    } finally {
      await redis.close()
    }
    return
  }
  const file = artifactsFile(settings)
  if (!existsSync(file)) return
  const sqlite = new DatabaseSync(file, { readOnly: true })
  try {
    const any = sqlite.prepare('SELECT 1 FROM artifacts LIMIT 1').get()
    if (any) throw new CopyRefused(`${file} still holds sign-ins: move it away first, with its -wal and -shm`)
  } finally {
    sqlite.close()
  }
}

/** Checks by the keys of this machine and those that the backup recorded; undefined where there are none. */
async function verifierFor(source: Database, settings: Settings, clock: Clock): Promise<VerifyDocument | undefined> {
  const hasDataKeys = existsSync(join(settings.keysDir, dataKeyFile))
  const recorded = hasDataKeys ? await readRecordedKeys(source, openDataKeys(settings.keysDir).cipher) : []
  if (existsSync(join(settings.keysDir, 'signing.json'))) return createVerifier(settings, clock, recorded)
  if (recorded.length === 0) return undefined
  return verifierOver(Object.fromEntries(recorded.map((key) => [key.kid, publicKeyOf(key)])))
}

async function readArchives(
  files: readonly string[],
  options: { verify: VerifyDocument | undefined; ends: Ends; later: LaterEntries },
): Promise<void> {
  const { verify, ends, later } = options
  if (files.length === 0) return
  if (!verify) throw new CopyRefused('archives cannot be checked without signing.json')
  for (const file of files) {
    try {
      for await (const entry of entriesOfArchive(verify, file)) if (isAfter(ends, entry.sequence)) later.add(entry)
    } catch (error) {
      throw new CopyRefused(`the archive cannot be used: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

async function newestCheckpoint(
  settings: Settings,
  verify: VerifyDocument | undefined,
  ends: Ends,
): Promise<Restored['signed']> {
  const text = readCheckpointFile(checkpointFileOf(settings.dataDir))
  if (text === undefined || !verify) return undefined
  const opened = await openPortable(verify, text)
  const { iat, lasts } = opened
    ? { iat: opened.root.iat, lasts: opened.tips.map(({ last }) => last) }
    : await oldEnd(verify, text)
  const entries = lasts.reduce((sum, last) => sum + lackingUpTo(ends, last), 0)
  return entries > 0 ? { entries, at: iat * 1000 } : undefined
}

/** Of a checkpoint of a version with one chain. */
async function oldEnd(verify: VerifyDocument, text: string): Promise<{ iat: number; lasts: number[] }> {
  const checkpoint = await openCheckpoint(verify, text)
  return checkpoint ? { iat: checkpoint.iat, lasts: [checkpoint.last] } : { iat: 0, lasts: [] }
}

/** Entries up to a signed one that a store with these ends lacks. */
function lackingUpTo({ chains }: Ends, last: number): number {
  const chain = chainOf(last)
  return Math.max(0, last - (chains.get(chain)?.sequence ?? startOf(chain).sequence))
}

async function administratorsIn(source: Database): Promise<number> {
  const { many } = await source
    .selectFrom('administrators')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .executeTakeFirstOrThrow()
  return many
}

/** An audit log of the restored store. Without the keys it has no restricted part, so the restore proves nothing. */
const auditOf = (database: Database, clock: Clock, given: FieldCipher | undefined) => {
  const none: FieldCipher = {
    seal: () => {
      throw new Error('nothing is sealed while a store is restored')
    },
    open: () => {
      throw new Error('nothing is opened while a store is restored')
    },
  }
  return createAuditLog({ database, cipher: given ?? none, clock, seen: undefined })
}

const atOnce = 500

/** Runs a change for ids in batches; returns the number of changed rows. */
async function forAll(
  ids: Iterable<string>,
  change: (some: string[]) => Promise<{ numUpdatedRows: bigint }>,
): Promise<number> {
  const all = [...ids]
  let changed = 0
  for (let at = 0; at < all.length; at += atOnce)
    changed += Number((await change(all.slice(at, at + atOnce))).numUpdatedRows)
  return changed
}

/** Applies the later changes, in the transaction that fills the store. */
async function apply(
  target: DatabaseTransaction,
  since: ChangesSince,
  choices: Choices,
  now: number,
  seal: RowSeal | undefined,
): Promise<Restored['done']> {
  // an approval may have been used since the backup, and old tokens must not bring a sign-in back
  await endEverySignIn(target, now)
  await target
    .updateTable('approvals')
    .set({ state: 'refused', decided_by: 'system', decided_at: now })
    .where('state', 'in', ['waiting', 'approved'])
    .execute()
  const gone = target.deleteFrom('administrators')
  const administrators = choices.administrators
    ? await forAll(since.administrators, async (some) => {
        const { numDeletedRows } = await gone.where('person_id', 'in', some).executeTakeFirstOrThrow()
        return { numUpdatedRows: numDeletedRows }
      })
    : Number((await gone.executeTakeFirstOrThrow()).numDeletedRows)
  const mandates = choices.mandates
    ? 0
    : await changeRows(target, seal, 'mandates', {
        ids: since.mandates,
        applies: (row) => row['state'] !== 'ended',
        columns: { state: 'ended', invitee_key: null, invitee_name: null, code_key: null, updated_at: now },
      })
  if (choices.locks) return { administrators, locked: 0, mandates, organisations: 0, clients: 0 }
  const suspended = { status: 'suspended' as const, updated_at: now }
  return {
    administrators,
    mandates,
    locked: await forAll(since.locked, (some) =>
      target
        .updateTable('natural_persons')
        .set({ status: 'locked', updated_at: now })
        .where('id', 'in', some)
        .where('status', '=', 'active')
        .executeTakeFirstOrThrow(),
    ),
    organisations: await forAll(since.organisations, (some) =>
      target
        .updateTable('legal_persons')
        .set(suspended)
        .where('id', 'in', some)
        .where('status', '=', 'active')
        .executeTakeFirstOrThrow(),
    ),
    clients: await changeRows(target, seal, 'clients', {
      ids: since.clients,
      applies: (row) => row['status'] === 'active',
      columns: suspended,
    }),
  }
}
