import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Database } from '../storage/database.ts'

/** What a checkpoint signs of one chain: its newest run of entries, and its head. */
export const tipSchema = z.object({
  chain: z.int().nonnegative(),
  /** Numbers of the first and the last entry of the run. */
  first: z.number(),
  last: z.number(),
  /** Hash of the last entry. */
  head: z.string(),
  /** Merkle root (RFC 6962) over the hashes of the run. */
  root: z.string(),
  /** The last entry closes the chain. */
  final: z.boolean(),
})

export type Tip = z.infer<typeof tipSchema>

/** The archives' last checkpoint, and the ends of the chains there. */
export const archiveTipsSchema = z.object({
  number: z.int().positive(),
  tips: z.array(tipSchema),
  /** Last numbers and hashes of all chains that the archive's entries belong to, or that were open before it. */
  anchors: z.array(z.object({ chain: z.number(), sequence: z.number(), hash: z.string() })),
})

export type ArchiveTips = z.infer<typeof archiveTipsSchema>

export const digestOfTips = (text: string): string => createHash('sha256').update(text).digest('hex')

interface ArchivedEnd {
  /** The last archived entry of each chain; entries of the store follow it. A chain that ended in an archive is not in it. */
  anchors: Map<number, { sequence: number; hash: string }>
  /** Undefined where the newest archive has no checkpoint over several chains. */
  tips?: ArchiveTips
  /** What the audit log records of that archive (`digestOfTips`). */
  recorded?: string
}

/** Where the archives end and the store begins. */
export async function archivedEnd(database: Database): Promise<ArchivedEnd> {
  const archived = await database
    .selectFrom('audit_archives')
    .select(['last_sequence', 'last_hash', 'tips'])
    .orderBy('month', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!archived) return { anchors: new Map() }
  if (archived.tips === null) {
    return { anchors: new Map([[0, { sequence: archived.last_sequence, hash: archived.last_hash }]]) }
  }
  const tips = archiveTipsSchema.parse(JSON.parse(archived.tips))
  return {
    tips,
    recorded: digestOfTips(archived.tips),
    anchors: new Map(tips.anchors.map(({ chain, sequence, hash }) => [chain, { sequence, hash }])),
  }
}
