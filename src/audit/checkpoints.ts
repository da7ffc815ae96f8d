import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import { giveToOwner, makeOwnedDirectory } from '../storage/ownership.ts'
import { createSigner, createVerifier, type VerifyDocument } from '../keys/document-signatures.ts'
import type { Database } from '../storage/database.ts'
import { anchorOf, digestOf } from './chain.ts'
import { merkleRoot } from './merkle.ts'

const typ = 'yideng-audit-checkpoint+jwt'
/** The most entries of one checkpoint. It keeps receipts small, and signing short enough for other requests. */
const mostEntries = 4096

const schema = z.object({
  iss: z.string(),
  /** Seconds since 1970 UTC. */
  iat: z.number(),
  first: z.number(),
  last: z.number(),
  /** Hash of the last entry: the head of the chain. */
  head: z.string(),
  /** Merkle root (RFC 6962) over the hashes of the entries first to last. */
  root: z.string(),
  /** The hash of that tree; missing in older checkpoints. */
  digest: z.enum(['sha256', 'sm3']).default('sha256'),
})

export type Checkpoint = z.infer<typeof schema>

/** @returns undefined when no key of this store signed it as a checkpoint */
export async function openCheckpoint(verify: VerifyDocument, signed: string): Promise<Checkpoint | undefined> {
  return schema.safeParse(await verify(typ, signed)).data
}

/** The content of a checkpoint of this store, without its signature. */
export const contentOf = (signed: string): Checkpoint =>
  schema.parse(JSON.parse(Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString()))

interface CheckpointDeps {
  database: Database
  /** The issuer signs; the newest checkpoint is also a file in the data directory. */
  settings: Pick<Settings, 'issuer' | 'keysDir' | 'dataDir' | 'suite'>
  clock: Clock
}

export type Checkpoints = ReturnType<typeof createCheckpoints>

/** Signs the head of the audit log. Several processes may do so; each range of entries is signed once. */
export function createCheckpoints({ database, settings, clock }: CheckpointDeps) {
  const { issuer, keysDir, dataDir } = settings
  const digest = digestOf(settings.suite)
  const sign = createSigner(keysDir, clock)
  const verify = createVerifier(keysDir, clock)
  const file = checkpointFileOf(dataDir)
  let known: Pick<Checkpoint, 'last' | 'head'> | undefined

  const lastSigned = async () => {
    const newest = await database
      .selectFrom('audit_checkpoints')
      .select('last_sequence')
      .orderBy('last_sequence', 'desc')
      .limit(1)
      .executeTakeFirst()
    return newest?.last_sequence ?? (await anchorOf(database)).sequence
  }

  /**
   * Refuses to sign over a rewritten log: otherwise a forged history without checkpoints would get new signatures.
   * @throws Error when the last signed entry is missing or changed
   */
  async function refuseRewritten(): Promise<void> {
    const beside = known ? undefined : readCheckpointFile(file)
    known ??= beside === undefined ? undefined : await openCheckpoint(verify, beside)
    if (!known || known.last <= (await anchorOf(database)).sequence) return
    const entry = await database
      .selectFrom('audit_events')
      .select('hash')
      .where('sequence', '=', known.last)
      .executeTakeFirst()
    if (entry?.hash === known.head) return
    throw new Error(
      `The audit log differs from the one signed up to ${known.last}: no checkpoint is signed. Run "yideng audit verify". ` +
        `If an older store was restored on purpose, move ${file} elsewhere and start the server again.`,
    )
  }

  async function next(): Promise<string | undefined> {
    const after = await lastSigned()
    const entries = await database
      .selectFrom('audit_events')
      .select(['sequence', 'hash'])
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(mostEntries)
      .execute()
    const first = entries[0]
    const last = entries.at(-1)
    if (!first || !last) return undefined
    // A gap makes the last number larger than the count of entries.
    if (last.sequence !== after + entries.length) {
      throw new Error(`Entries of the audit log are missing after ${after}: no checkpoint is signed over a gap.`)
    }
    const at = clock()
    const checkpoint: Checkpoint = {
      iss: issuer,
      iat: Math.floor(at / 1000),
      first: first.sequence,
      last: last.sequence,
      head: last.hash,
      root: merkleRoot(
        entries.map(({ hash }) => hash),
        digest,
      ),
      digest,
    }
    const signed = await sign(typ, checkpoint)
    const { numInsertedOrUpdatedRows } = await database
      .insertInto('audit_checkpoints')
      .values({ last_sequence: last.sequence, first_sequence: first.sequence, at, signed })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (numInsertedOrUpdatedRows === 0n) return undefined
    known = checkpoint
    return signed
  }

  return {
    /** Signs all unsigned entries; returns the newest checkpoint it made. */
    async make(): Promise<string | undefined> {
      await refuseRewritten()
      let newest: string | undefined
      for (let signed = await next(); signed; signed = await next()) newest = signed
      if (newest) writeWhole(file, newest)
      return newest
    },
  }
}

/** The newest checkpoint outside the store: it shows when the end of the log was removed. */
export const checkpointFileOf = (dataDir: string) => join(dataDir, 'audit-checkpoint.jws')

export function readCheckpointFile(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

function writeWhole(file: string, text: string): void {
  // With PostgreSQL and Redis no store makes the directory.
  makeOwnedDirectory(dirname(file))
  const draft = `${file}.${process.pid}`
  const handle = openSync(draft, 'w', 0o600)
  try {
    giveToOwner(handle, file)
    writeSync(handle, `${text}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, file)
}
