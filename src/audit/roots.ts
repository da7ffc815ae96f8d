import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import type { VerifyDocument } from '../keys/document-signatures.ts'
import { chainSpan } from '../storage/audit-chains.ts'
import type { Database } from '../storage/database.ts'
import { archivedEnd, tipSchema, type Tip } from './archived-end.ts'
import { chainOf } from './chain.ts'
import { merkleRoot } from './merkle.ts'

/** The kind of document that signs all chains. One chain alone was signed as another kind (old-checkpoints.ts). */
export const rootType = 'yideng-audit-root+jwt'

const schema = z.object({
  iss: z.string(),
  /** Seconds since 1970 UTC. */
  iat: z.number(),
  /** Checkpoints are numbered from 1 without gaps. */
  number: z.int().positive(),
  /** SHA-256 of the checkpoint before, in hexadecimal. */
  previous: z.string(),
  /** Tips in the tree. */
  chains: z.int().positive(),
  /** Merkle root (RFC 6962) over the tips (`leafOf`) in the order of their chains. */
  root: z.string(),
  digest: z.enum(['sha256', 'sm3']),
})

/** A checkpoint over all chains. */
export type Root = z.infer<typeof schema>

/** @returns undefined when no key of this store signed it as a checkpoint over all chains */
export async function openRoot(verify: VerifyDocument, signed: string): Promise<Root | undefined> {
  return schema.safeParse(await verify(rootType, signed)).data
}

/** The content of a checkpoint of this store, without its signature. */
export const contentOfRoot = (signed: string): Root =>
  schema.parse(JSON.parse(Buffer.from(signed.split('.')[1] ?? '', 'base64url').toString()))

/** What the next checkpoint names as the one before. */
export const digestOfSigned = (signed: string) => createHash('sha256').update(signed).digest('hex')

/** A tip as a leaf of the tree. */
export const leafOf = ({ chain, first, last, head, root, final }: Tip): string =>
  JSON.stringify(['tip', chain, first, last, head, root, final])

const byChain = (one: Tip, other: Tip) => one.chain - other.chain

/** Whether these are the tips that a checkpoint signs. */
export function isRootOver({ chains, root, digest }: Root, tips: readonly Tip[]): boolean {
  return tips.length === chains && merkleRoot(tips.toSorted(byChain).map(leafOf), digest) === root
}

const tips = z.array(tipSchema)

/** A checkpoint with its tips as one word, for places outside the store. */
export const portable = (signed: string, of: readonly Tip[]): string =>
  `${signed}~${Buffer.from(JSON.stringify(of.toSorted(byChain))).toString('base64url')}`

/**
 * Reads a checkpoint from outside the store.
 * @returns undefined where no key of this store signed it, or its tips are others
 */
export async function openPortable(
  verify: VerifyDocument,
  text: string,
): Promise<{ root: Root; signed: string; tips: Tip[] } | undefined> {
  const [signed = '', encoded] = text.split('~')
  const root = await openRoot(verify, signed)
  if (!root || encoded === undefined) return undefined
  try {
    const read = tips.parse(JSON.parse(Buffer.from(encoded, 'base64url').toString()))
    return isRootOver(root, read) ? { root, signed, tips: read } : undefined
  } catch {
    return undefined
  }
}

interface RunRow {
  first_sequence: number
  last_sequence: number
  head: string
  root: string
  is_final: number
}

export const tipOfRun = (run: RunRow): Tip => ({
  chain: chainOf(run.last_sequence),
  first: run.first_sequence,
  last: run.last_sequence,
  head: run.head,
  root: run.root,
  final: run.is_final === 1,
})

/** The tips of a checkpoint as the store has them: the newest run of each chain, without those that ended before. */
export async function tipsAt(database: Database, number: number): Promise<Tip[]> {
  const [from, to] = [sql<number>`c.id * ${sql.lit(chainSpan)}`, sql<number>`(c.id + 1) * ${sql.lit(chainSpan)}`]
  const rows = await database
    .selectFrom('audit_chains as c')
    .innerJoin('audit_runs as r', (join) =>
      join.on('r.last_sequence', '=', (newest) =>
        newest
          .selectFrom('audit_runs as n')
          .select(({ fn }) => fn.max('n.last_sequence').as('last'))
          .where('n.last_sequence', '>', from)
          .where('n.last_sequence', '<', to)
          .where('n.root_number', '<=', number),
      ),
    )
    .where((where) => where.or([where('c.signed_by', 'is', null), where('c.signed_by', '>=', number)]))
    .where((where) => where.or([where('r.is_final', '=', 0), where('r.root_number', '=', number)]))
    .select(['r.first_sequence', 'r.last_sequence', 'r.head', 'r.root', 'r.is_final'])
    .orderBy('c.id')
    .execute()
  return rows.map(tipOfRun)
}

/** The newest checkpoint over all chains; undefined before the first. */
export const newestRoot = (database: Database) =>
  database.selectFrom('audit_roots').selectAll().orderBy('number', 'desc').limit(1).executeTakeFirst()

/** The last entry of chain 0 that a checkpoint of one chain has signed; 0 without one. */
export async function signedBefore(database: Database): Promise<number> {
  const { last } = await database
    .selectFrom('audit_checkpoints')
    .select(({ fn }) => fn.max('last_sequence').as('last'))
    .executeTakeFirstOrThrow()
  if (last !== null) return last
  const { anchors, tips: archived } = await archivedEnd(database)
  return archived ? 0 : (anchors.get(0)?.sequence ?? 0)
}
