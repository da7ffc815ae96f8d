import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { join } from 'node:path'
import { z } from 'zod'
import { dayMs } from '../config/time.ts'
import { beginOf, monthAfter, monthOf } from '../config/months.ts'
import { makeOwnedFile } from '../storage/ownership.ts'
import type { VerifyDocument } from '../keys/document-signatures.ts'
import { dropArchivedMonths } from '../storage/audit-months.ts'
import { isPostgres, type Database } from '../storage/database.ts'
import { anchorOf, createChainReader, pagesAfter, startOfChain, type Anchor, type Entry } from './chain.ts'
import { openCheckpoint } from './checkpoints.ts'
import type { AuditLog } from './audit-log.ts'
import { broken, type AuditLogCheck } from './verify.ts'

const lineSchema = z.union([
  z.object({ after: z.object({ sequence: z.number(), hash: z.string() }), month: z.string() }),
  z.object({ entry: z.custom<Entry>((value) => typeof value === 'object' && value !== null) }),
  z.object({ checkpoint: z.string() }),
])

interface Archived {
  month: string
  file: string
  entries: number
}

/**
 * Moves the months before `before` (`2026-11`) from the store into one file each. A file also holds the checkpoints of its
 * entries. It is read back and verified before its entries are deleted. Unsigned entries stay in the store.
 * @throws Error when a written file does not verify
 */
export async function archiveMonths(options: {
  database: Database
  audit: AuditLog
  verify: VerifyDocument
  directory: string
  before: string
  now: number
  actor: string
  /** The entries of a month that are written, and their number. */
  progress?: ((done: number, total: number) => void) | undefined
}): Promise<Archived[]> {
  const { database, audit, verify, directory, before, now, actor, progress } = options
  const archived: Archived[] = []
  await removeArchived(database, now)
  for (;;) {
    const anchor = await anchorOf(database)
    const next = await nextMonth(database, anchor, before)
    if (!next) return archived
    const { month, last } = next
    const file = join(directory, `audit-${month}.jsonl.gz`)
    await write(database, { file, month, anchor, last, progress })
    const check = await verifyArchive(verify, file)
    if (!check.whole) throw new Error(`${file} was not written as it should be: ${check.fault}. Nothing was deleted.`)
    const fileHash = await hashOfFile(file)
    await database.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('audit_archives')
        .values({
          month,
          first_sequence: anchor.sequence + 1,
          last_sequence: last.sequence,
          last_hash: last.hash,
          file_hash: fileHash,
          archived_at: now,
        })
        .execute()
      // An attacker who deletes entries could also write that row. So the audit log records it as well (verify.ts).
      const details = { month, entries: check.entries, last: last.sequence, head: last.hash, file: fileHash }
      await audit.append(transaction, { event: 'audit.archived', actor, details })
    })
    await removeArchived(database, now)
    archived.push({ month, file, entries: check.entries })
  }
}

/**
 * The oldest month before `before` that has entries and is signed to its end. `last` is the last entry of its archive: the
 * end of the first checkpoint over the whole month, so it can belong to the next month.
 */
async function nextMonth(
  database: Database,
  anchor: Anchor,
  before: string,
): Promise<{ month: string; last: Anchor } | undefined> {
  const entries = database.selectFrom('audit_events').where('sequence', '>', anchor.sequence)
  const oldest = await entries.select('at').orderBy('sequence').limit(1).executeTakeFirst()
  if (!oldest) return undefined
  const { done } = await database
    .selectFrom('audit_archives')
    .select(({ fn }) => fn.max('month').as('done'))
    .executeTakeFirstOrThrow()
  const [first, notBefore] = [monthOf(oldest.at), done ? monthAfter(done) : '']
  for (let month = first > notBefore ? first : notBefore; month < before; month = monthAfter(month)) {
    const end = beginOf(monthAfter(month))
    // Clocks of machines differ, so entries of a month can follow the first entries of the next month.
    const next = await entries
      .select('sequence')
      .where('at', '>=', end + dayMs)
      .orderBy('sequence')
      .limit(1)
      .executeTakeFirst()
    const { newest } = await entries
      .select(({ fn }) => fn.max('sequence').as('newest'))
      .where('at', '<', end)
      .where('sequence', '<', next?.sequence ?? Number.MAX_SAFE_INTEGER)
      .executeTakeFirstOrThrow()
    if (!newest) continue
    return checkpointOver(database, newest, month)
  }
  return undefined
}

async function checkpointOver(database: Database, sequence: number, month: string) {
  const last = await database
    .selectFrom('audit_checkpoints')
    .innerJoin('audit_events', 'audit_events.sequence', 'audit_checkpoints.last_sequence')
    .select(['sequence', 'hash'])
    .where('last_sequence', '>=', sequence)
    .orderBy('last_sequence')
    .limit(1)
    .executeTakeFirst()
  return last && { month, last }
}

async function write(
  database: Database,
  options: {
    file: string
    month: string
    anchor: Anchor
    last: Anchor
    progress: ((done: number, total: number) => void) | undefined
  },
): Promise<void> {
  const { file, month, anchor, last, progress } = options
  async function* lines() {
    yield { after: anchor, month }
    const checkpoints = await database
      .selectFrom('audit_checkpoints')
      .select('signed')
      .where('last_sequence', '>', anchor.sequence)
      .where('last_sequence', '<=', last.sequence)
      .orderBy('last_sequence')
      .execute()
    for (const { signed } of checkpoints) yield { checkpoint: signed }
    for await (const page of pagesAfter(database, anchor.sequence)) {
      for (const entry of page) if (entry.sequence <= last.sequence) yield { entry }
      const read = Math.min(page.at(-1)?.sequence ?? 0, last.sequence)
      progress?.(read - anchor.sequence, last.sequence - anchor.sequence)
      if (read >= last.sequence) break
    }
  }
  async function* text() {
    for await (const one of lines()) yield `${JSON.stringify(one)}\n`
  }
  makeOwnedFile(file)
  await pipeline(Readable.from(text()), createGzip(), createWriteStream(file, { flush: true }))
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/**
 * Verifies an archive without the store: its chain, its checkpoints, and that its end is signed.
 * @throws Error when the file is not an archive
 */
export async function verifyArchive(verify: VerifyDocument, file: string): Promise<AuditLogCheck> {
  let check: AuditLogCheck | undefined
  // A pipeline rejects when the file is damaged; a stream without listener would crash the process.
  await pipeline(createReadStream(file), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
    check = await verifyLines(verify, linesOf(chunks))
  }).catch((error: unknown) => {
    // A fault ends the reading early, which aborts the pipeline.
    if (!check) throw error
  })
  if (!check) throw new Error('the archive was not read')
  return check
}

/**
 * Verifies an archive, then yields its entries.
 * @throws Error when the file is not an archive, or was changed after signing
 */
export async function* entriesOfArchive(verify: VerifyDocument, file: string): AsyncGenerator<Entry> {
  const check = await verifyArchive(verify, file)
  if (!check.whole) throw new Error(`${file}: entry ${check.sequence}: ${check.fault}`)
  for await (const text of linesOf(createReadStream(file).pipe(createGunzip()))) {
    const read = lineSchema.parse(JSON.parse(text))
    if ('entry' in read) yield read.entry
  }
}

async function verifyLines(verify: VerifyDocument, lines: AsyncIterable<string>): Promise<AuditLogCheck> {
  let reader = createChainReader(startOfChain)
  let first = 1
  let newest = 0
  let begun = false
  const heads = new Map<number, string>()
  for await (const text of lines) {
    const read = lineSchema.parse(JSON.parse(text))
    if ('after' in read) {
      // A second start would hide that entries before it are missing.
      if (begun) return broken('missing', reader.last().sequence + 1, 'it begins a second time')
      reader = createChainReader(read.after)
      newest = read.after.sequence
      first = newest + 1
    } else if ('checkpoint' in read) {
      const checkpoint = await openCheckpoint(verify, read.checkpoint)
      if (!checkpoint) return broken('rewritten', newest, 'a checkpoint is not signed by a key of this store')
      if (checkpoint.first !== newest + 1)
        return broken('missing', newest + 1, 'the checkpoint of this entry is missing')
      newest = checkpoint.last
      heads.set(newest, checkpoint.head)
    } else {
      const fault = reader.read(read.entry)
      if (fault) return { whole: false, ...fault }
      const { sequence, hash } = read.entry
      const head = heads.get(sequence)
      if (head !== undefined && head !== hash) {
        return broken('rewritten', sequence, 'another history was signed in its checkpoint')
      }
    }
    begun = true
  }
  const { sequence: end } = reader.last()
  if (newest !== end) return broken('truncated', Math.min(newest, end) + 1, 'its end is not the one that was signed')
  return { whole: true, entries: end - first + 1, checkpoints: heads.size, unsigned: 0 }
}

/** SHA-256 of an archive file in hexadecimal, as the audit log records it. */
export async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

const rowsPerDelete = 2000

/** Deletes archived entries: whole partitions where there are some, else few rows at a time, so that servers never wait long. */
async function removeArchived(database: Database, now: number): Promise<void> {
  const { sequence: last } = await anchorOf(database)
  if (isPostgres(database)) await dropArchivedMonths(database, last, now)
  for (;;) {
    const oldest = await database
      .selectFrom('audit_events')
      .select('sequence')
      .orderBy('sequence')
      .limit(1)
      .executeTakeFirst()
    if (!oldest || oldest.sequence > last) break
    const until = Math.min(last, oldest.sequence + rowsPerDelete)
    await database.deleteFrom('audit_events').where('sequence', '<=', until).execute()
  }
  await database.deleteFrom('audit_checkpoints').where('last_sequence', '<=', last).execute()
}
