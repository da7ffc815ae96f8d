import { z } from 'zod'
import type { VerifyDocument } from '../keys/document-signatures.ts'

/** Checkpoints of versions whose audit log was one chain, now chain 0. None are made any longer. */
const typ = 'yideng-audit-checkpoint+jwt'

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
