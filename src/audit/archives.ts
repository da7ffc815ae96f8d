import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { join } from 'node:path'
import { makeOwnedFile } from '../storage/ownership.ts'
import type { VerifyDocument } from '../keys/document-signatures.ts'
import type { Database } from '../storage/database.ts'
import { digestOfTips, type ArchiveTips } from './archived-end.ts'
import { endAt, nextMonth, type ArchiveEnd } from './archive-ends.ts'
import { hashOfFile, verifyArchive, type ArchiveLine } from './archive-files.ts'
import { removeArchived } from './archive-removal.ts'
import type { AuditLog } from './audit-log.ts'
import { pagesAfter, type Entry } from './chain.ts'
import { runsOf } from './verify-checkpoints.ts'

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
    const next = await nextMonth(database, before)
    if (!next) return archived
    const { month, number } = next
    const file = join(directory, `audit-${month}.jsonl.gz`)
    const end = await endAt(database, number)
    await write(database, { file, month, end, progress })
    const check = await verifyArchive(verify, file)
    if (!check.whole) throw new Error(`${file} was not written as it should be: ${check.fault}. Nothing was deleted.`)
    const fileHash = await hashOfFile(file)
    const tips = JSON.stringify({ number, tips: end.tips, anchors: end.anchors } satisfies ArchiveTips)
    const newest = end.ends.reduce((most, one) => (one.sequence > most.sequence ? one : most))
    await database.transaction().execute(async (transaction) => {
      await transaction
        .insertInto('audit_archives')
        .values({
          month,
          first_sequence: end.ends.reduce((least, { after }) => Math.min(least, after + 1), newest.sequence),
          last_sequence: newest.sequence,
          last_hash: newest.hash,
          file_hash: fileHash,
          archived_at: now,
          tips,
        })
        .execute()
      // An attacker who deletes entries could also write that row. So the audit log records it as well (verify.ts).
      const details = { month, entries: check.entries, checkpoint: number, tips: digestOfTips(tips), file: fileHash }
      await audit.append(transaction, { event: 'audit.archived', actor, details })
    })
    await removeArchived(database, now)
    archived.push({ month, file, entries: check.entries })
  }
}

async function* checkpointLines(database: Database, { begin, number }: ArchiveEnd): AsyncGenerator<ArchiveLine> {
  const checkpoints = await database
    .selectFrom('audit_checkpoints')
    .select('signed')
    .where('last_sequence', '>', begin.signed)
    .orderBy('last_sequence')
    .execute()
  for (const { signed } of checkpoints) yield { checkpoint: signed }
  const step = 1000
  for (let after = begin.number; after < number; after += step) {
    const until = Math.min(number, after + step)
    const runs = await runsOf(database, after, until)
    const rows = await database
      .selectFrom('audit_roots')
      .select(['number', 'signed'])
      .where('number', '>', after)
      .where('number', '<=', until)
      .orderBy('number')
      .execute()
    for (const row of rows) yield { root: row.signed, number: row.number, runs: runs.get(row.number) ?? [] }
  }
}

async function* entriesUntil(database: Database, after: number, last: number): AsyncGenerator<Entry> {
  for await (const page of pagesAfter(database, after)) {
    for (const entry of page) {
      if (entry.sequence > last) return
      yield entry
    }
  }
}

async function write(
  database: Database,
  options: {
    file: string
    month: string
    end: ArchiveEnd
    progress: ((done: number, total: number) => void) | undefined
  },
): Promise<void> {
  const { file, month, end, progress } = options
  const total = end.ends.reduce((sum, { sequence, after }) => sum + sequence - after, 0)
  let done = 0
  async function* lines(): AsyncGenerator<ArchiveLine> {
    yield { begin: end.begin, month }
    yield* checkpointLines(database, end)
    for (const { after, sequence } of end.ends) {
      for await (const entry of entriesUntil(database, after, sequence)) {
        yield { entry }
        done += 1
        if (done % progressEach === 0 || done === total) progress?.(done, total)
      }
    }
  }
  async function* text() {
    for await (const one of lines()) yield `${JSON.stringify(one)}\n`
  }
  makeOwnedFile(file)
  await pipeline(Readable.from(text()), createGzip(), createWriteStream(file, { flush: true }))
}

const progressEach = 1000
