import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { hashOfFile, verifyArchive } from '../../audit/archive-files.ts'
import { checkpointFileOf, readCheckpointFile } from '../../audit/checkpoint-file.ts'
import { auditCipherIn } from '../../audit/restores.ts'
import { verifyAuditLog, type AuditLogCheck } from '../../audit/verify.ts'
import type { VerifyDocument } from '../../keys/document-signatures.ts'
import { openDatabase } from '../../storage/database.ts'
import { mayBeStore } from '../../storage/sqlite.ts'
import type { Problem } from '../outcome.ts'
import type { CommandContext } from '../command-context.ts'

const isFile = (path: string) => existsSync(path) && statSync(path).isFile()

const missing = (field: string, file: string) => ({
  problem: { field, message: `${JSON.stringify(file)} does not exist` } satisfies Problem,
})

/** Checks the store, or a copy of it, against its checkpoints and those in the file next to it. */
export async function verifyStore(
  context: CommandContext,
  verify: VerifyDocument,
  { store, checkpoint }: { store?: string | undefined; checkpoint?: string | undefined },
): Promise<AuditLogCheck | { problem: Problem }> {
  const { progress } = context
  if (store !== undefined && !isFile(store)) return missing('store', store)
  if (checkpoint !== undefined && !isFile(checkpoint)) return missing('checkpoint', checkpoint)
  const nextTo =
    store === undefined ? checkpointFileOf((await context.settings()).dataDir) : checkpointFileOf(dirname(store))
  const known = checkpoint === undefined ? readCheckpointFile(nextTo) : readFileSync(checkpoint, 'utf8')
  const elsewhere = (known ?? '').split('\n').filter((line) => line.trim() !== '')
  const cipher = auditCipherIn((await context.settings()).keysDir)
  if (store === undefined)
    return verifyAuditLog({ database: (await context.services()).database, verify, elsewhere, cipher, progress })
  if (!mayBeStore(store)) return { problem: { field: 'store', message: `${JSON.stringify(store)} is no store` } }
  const database = openDatabase(store)
  try {
    return await verifyAuditLog({ database, verify, elsewhere, cipher, progress })
  } finally {
    await database.destroy()
  }
}

/** Checks an archive. With a store, it also checks that the file was archived from that store. */
export async function verifyArchiveFile(
  verify: VerifyDocument,
  file: string,
  store?: string,
): Promise<AuditLogCheck | { problem: Problem }> {
  if (!isFile(file)) return missing('archive', file)
  if (store !== undefined && !(isFile(store) && mayBeStore(store))) return missing('store', store)
  const check = await verifyArchive(verify, file).catch(() => undefined)
  if (!check) return { problem: { field: 'archive', message: `${JSON.stringify(file)} is no archive of an audit log` } }
  if (!check.whole || store === undefined || (await isArchiveOf(store, file))) return check
  return { whole: false, kind: 'rewritten', sequence: 0, fault: 'it was not archived from this store' }
}

async function isArchiveOf(store: string, file: string): Promise<boolean> {
  const hash = await hashOfFile(file)
  const database = openDatabase(store)
  try {
    const row = await database
      .selectFrom('audit_archives')
      .select('month')
      .where('file_hash', '=', hash)
      .executeTakeFirst()
    return row !== undefined
  } finally {
    await database.destroy()
  }
}
