import { sql } from 'kysely'
import type { Clock } from '../config/clock.ts'
import type { Settings } from '../config/settings.ts'
import type { DataKeys } from '../keys/data-keys.ts'
import type { SignDocument, VerifyDocument } from '../keys/document-signatures.ts'
import {
  createCheckpointSigner,
  createVerifier,
  createVerifierOfStore,
  documentKeySet,
} from '../keys/document-signatures.ts'
import type { SignatureServer } from '../keys/guomi/svs/signature-server.ts'
import { recordKeys } from '../keys/recorded-keys.ts'
import { isPostgres, type Database } from '../storage/database.ts'
import { beginDurable, writeTogether } from '../storage/postgres.ts'
import type { Tables } from '../storage/schema.ts'
import { padded } from '../storage/lists.ts'
import { archivedEnd, type Tip } from './archived-end.ts'
import { chainOf, closes, digestOf, startOf, type Digest } from './chain.ts'
import { checkpointFileOf, readCheckpointFile, writeCheckpointFile } from './checkpoint-file.ts'
import { merkleRoot } from './merkle.ts'
import { openCheckpoint } from './old-checkpoints.ts'
import { restoresIn, restoreThatLost, type Restore } from './restores.ts'
import {
  digestOfSigned,
  leafOf,
  newestRoot,
  openPortable,
  portable,
  rootType,
  signedBefore,
  tipsAt,
  type Root,
} from './roots.ts'

/** The most entries of one run. It keeps receipts small, and signing short enough for other requests. */
const mostEntries = 4096

interface CheckpointDeps {
  database: Database
  /** The issuer signs; the newest checkpoint is also a file in the data directory. */
  settings: Pick<Settings, 'issuer' | 'keysDir' | 'dataDir' | 'suite' | 'sm2Keys' | 'svsFile'>
  clock: Clock
  /** The signature server of this process; undefined: the one of the settings. */
  signatureServer?: SignatureServer | undefined
  /** Of a store whose keys are recorded and whose restores are believed. */
  dataKeys?: Pick<DataKeys, 'cipher' | 'auditCipher'> | undefined
}

export type Checkpoints = ReturnType<typeof createCheckpoints>

/** What a checkpoint outside this store has said about the ends of chains. */
interface Known {
  number: number
  signed: string
  /** Seconds since 1970 UTC. */
  at: number
  ends: { sequence: number; hash: string }[]
}

/** Signs the ends of all chains. Several processes may do so; each checkpoint has one signer. */
export function createCheckpoints({ database, settings, clock, signatureServer, dataKeys }: CheckpointDeps) {
  const sign = createCheckpointSigner(settings, clock, signatureServer)
  const file = checkpointFileOf(settings.dataDir)
  let known: Known | undefined
  const verifier = async () =>
    dataKeys ? createVerifierOfStore({ database, settings, clock, dataKeys }) : createVerifier(settings, clock)

  /**
   * Refuses to sign over a rewritten log: otherwise a forged history without checkpoints would get new signatures.
   * @throws Error when a signed entry is missing or changed
   */
  async function refuseRewritten(): Promise<void> {
    known ??= await readKnown(await verifier(), file)
    if (!known || (await isIn(database, known, await restoresIn(database, dataKeys?.auditCipher)))) return
    const last = Math.max(...known.ends.map(({ sequence }) => sequence))
    throw new Error(
      `The audit log differs from the one signed up to ${last}: no checkpoint is signed. Run "yideng audit verify". ` +
        `If an older store was restored on purpose, move ${file} elsewhere and start the server again.`,
    )
  }

  async function next(): Promise<string | undefined> {
    const made = await nextRoot({ database, clock, sign, issuer: settings.issuer, digest: digestOf(settings.suite) })
    if (!made) return undefined
    known = knownOf(made)
    return portable(made.signed, made.tips)
  }

  return {
    /** Signs all unsigned entries; returns the newest checkpoint it made, with its tips. */
    async make(): Promise<string | undefined> {
      await refuseRewritten()
      // before the first signature of a key: a checkpoint is worth nothing where its key is lost
      if (dataKeys) await recordKeys(database, dataKeys.cipher, documentKeySet(settings, clock).keys)
      let newest: string | undefined
      for (let signed = await next(); signed; signed = await next()) newest = signed
      if (newest) writeCheckpointFile(file, newest)
      return newest
    },
  }
}

const knownOf = ({ root, signed, tips }: { root: Root; signed: string; tips: readonly Tip[] }): Known => ({
  number: root.number,
  signed,
  at: root.iat,
  ends: tips.map(({ last, head }) => ({ sequence: last, hash: head })),
})

async function readKnown(verify: VerifyDocument, file: string): Promise<Known | undefined> {
  const beside = readCheckpointFile(file)
  if (beside === undefined) return undefined
  const opened = await openPortable(verify, beside)
  if (opened) return knownOf(opened)
  const older = await openCheckpoint(verify, beside)
  return older && { number: 0, signed: beside, at: older.iat, ends: [{ sequence: older.last, hash: older.head }] }
}

/** Whether the store still has the ends of a checkpoint, except those that are archived, or lost by a restore. */
async function isIn(
  database: Database,
  { number, ends, at: signedAt }: Known,
  restores: readonly Restore[],
): Promise<boolean> {
  const { anchors, tips } = await archivedEnd(database)
  if (tips && number <= tips.number) return true
  const left = ends.filter(
    ({ sequence }) =>
      sequence > (anchors.get(chainOf(sequence))?.sequence ?? -1) && !restoreThatLost(restores, sequence, signedAt),
  )
  const found = new Map<number, string>()
  const step = 500
  for (let at = 0; at < left.length; at += step) {
    const some = padded(left.slice(at, at + step).map(({ sequence }) => String(sequence))).map((text) =>
      Number(text || -1),
    )
    const rows = await database
      .selectFrom('audit_events')
      .select(['sequence', 'hash'])
      .where('sequence', 'in', some)
      .execute()
    for (const { sequence, hash } of rows) found.set(sequence, hash)
  }
  return left.every(({ sequence, hash }) => found.get(sequence) === hash)
}

type RootRow = Tables['audit_roots']

interface NextDeps {
  database: Database
  clock: Clock
  sign: SignDocument
  issuer: string
  digest: Digest
}

/** Signs the next entries of all chains. Undefined where there are none, or another process was faster. */
async function nextRoot({ database, clock, sign, issuer, digest }: NextDeps) {
  const before = await newestRoot(database)
  const number = (before?.number ?? 0) + 1
  const old = before ? await tipsAt(database, before.number) : []
  const runs = await nextRuns(
    database,
    old.filter(({ final }) => !final),
    digest,
  )
  if (runs.length === 0) return undefined
  const changed = new Set(runs.map(({ chain }) => chain))
  const tips = [...old.filter(({ chain, final }) => !final && !changed.has(chain)), ...runs].toSorted(
    (one, other) => one.chain - other.chain,
  )
  const at = clock()
  const root: Root = {
    iss: issuer,
    iat: Math.floor(at / 1000),
    number,
    previous: before ? digestOfSigned(before.signed) : await lastOfOneChain(database),
    chains: tips.length,
    root: merkleRoot(tips.map(leafOf), digest),
    digest,
  }
  const signed = await sign(rootType, root)
  const stored = await storeRoot(database, { number, at, signed }, runs)
  return stored ? { root, signed, tips } : undefined
}

/**
 * Stores a checkpoint with its runs; false where another process was faster. On PostgreSQL that is one message: no lock is held
 * over a round trip.
 */
async function storeRoot(database: Database, row: RootRow, runs: readonly Tip[]): Promise<boolean> {
  const { number, signed } = row
  // no two signatures are the same, so these rows are written by the signer of the stored checkpoint only
  const stored = sql<boolean>`exists (select 1 from audit_roots where number = ${number} and signed = ${signed})`
  const statements = [
    database
      .insertInto('audit_roots')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .compile(),
    ...runs.map(({ first, last, head, root, final }) =>
      sql`insert into audit_runs (first_sequence, last_sequence, root_number, head, root, is_final)
        select ${sql.lit(first)}, ${sql.lit(last)}, ${sql.lit(number)}, ${sql.lit(head)}, ${sql.lit(root)},
          ${sql.lit(final ? 1 : 0)} where ${stored}`.compile(database),
    ),
    ...runs
      .filter(({ final }) => final)
      .map(({ chain }) =>
        database.updateTable('audit_chains').set({ signed_by: number }).where('id', '=', chain).where(stored).compile(),
      ),
  ]
  if (isPostgres(database)) return (await writeTogether(database, statements, beginDurable)) > 0n
  return database.transaction().execute(async (transaction) => {
    const [first, ...others] = statements
    if (!first || !(await transaction.executeQuery(first)).numAffectedRows) return false
    for (const statement of others) await transaction.executeQuery(statement)
    return true
  })
}

async function lastOfOneChain(database: Database): Promise<string> {
  const last = await database
    .selectFrom('audit_checkpoints')
    .select('signed')
    .orderBy('last_sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last ? digestOfSigned(last.signed) : ''
}

/** The unsigned entries of each chain, as runs. @throws Error when entries are missing */
async function nextRuns(database: Database, signed: readonly Tip[], digest: Digest): Promise<Tip[]> {
  const ends = new Map(signed.map(({ chain, last }) => [chain, last]))
  const { anchors } = await archivedEnd(database)
  const open = await database
    .selectFrom('audit_chains')
    .select(['id', 'sequence'])
    .where('signed_by', 'is', null)
    .execute()
  const before = ends.has(0) ? 0 : await signedBefore(database)
  const runs: Tip[] = []
  for (const { id, sequence } of open) {
    const from = id === 0 && before > 0 ? before : startOf(id).sequence
    const after = ends.get(id) ?? Math.max(from, anchors.get(id)?.sequence ?? 0)
    if (sequence > after) runs.push(await runAfter(database, id, after, digest))
  }
  return runs
}

async function runAfter(database: Database, chain: number, after: number, digest: Digest): Promise<Tip> {
  const entries = await database
    .selectFrom('audit_events')
    .select(['sequence', 'hash', 'event'])
    .where('sequence', '>', after)
    .where('sequence', '<', startOf(chain + 1).sequence)
    .orderBy('sequence')
    .limit(mostEntries)
    .execute()
  const last = entries.at(-1)
  // A gap makes the last number larger than the count of entries; the chain says that there is at least one.
  if (!last || last.sequence !== after + entries.length)
    throw new Error(`Entries of the audit log are missing after ${after}: no checkpoint is signed over a gap.`)
  const root = merkleRoot(
    entries.map(({ hash }) => hash),
    digest,
  )
  return { chain, first: after + 1, last: last.sequence, head: last.hash, root, final: closes(last) }
}
