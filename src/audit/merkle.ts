import { hash } from 'node:crypto'
import type { Digest } from './chain.ts'

/**
 * The Merkle tree of RFC 6962 section 2.1, by the hash of the checkpoint. Its root commits to an ordered list of leaves. A short path of hashes proves
 * that one leaf is in the list, without revealing the others.
 */
const leafHash = (leaf: string, digest: Digest) => hash(digest, `\0${leaf}`, 'hex')
const nodeHash = (left: string, right: string, digest: Digest) =>
  hash(digest, Buffer.concat([Buffer.of(1), Buffer.from(left, 'hex'), Buffer.from(right, 'hex')]), 'hex')

/** The largest power of two smaller than the number of leaves. */
const leftSize = (size: number) => 2 ** Math.floor(Math.log2(size - 1))

/** @throws RangeError for no leaves */
export function merkleRoot(leaves: readonly string[], digest: Digest): string {
  const [first] = leaves
  if (first === undefined) throw new RangeError('a tree has leaves')
  if (leaves.length === 1) return leafHash(first, digest)
  const left = leftSize(leaves.length)
  return nodeHash(merkleRoot(leaves.slice(0, left), digest), merkleRoot(leaves.slice(left), digest), digest)
}

/** The sibling hashes on the path from a leaf to the root, from the bottom up (RFC 6962 section 2.1.1). */
export function merklePath(leaves: readonly string[], index: number, digest: Digest): string[] {
  if (leaves.length <= 1) return []
  const left = leftSize(leaves.length)
  return index < left
    ? [...merklePath(leaves.slice(0, left), index, digest), merkleRoot(leaves.slice(left), digest)]
    : [...merklePath(leaves.slice(left), index - left, digest), merkleRoot(leaves.slice(0, left), digest)]
}

/** The root that follows from a leaf, its index and its path; undefined for a path of the wrong length. */
export function rootOver(
  leaf: string,
  { index, size, path }: { index: number; size: number; path: readonly string[] },
  digest: Digest,
): string | undefined {
  if (!(index >= 0 && index < size)) return undefined
  if (size === 1) return path.length === 0 ? leafHash(leaf, digest) : undefined
  const beside = path.at(-1)
  if (beside === undefined || !/^[0-9a-f]{64}$/.test(beside)) return undefined
  const left = leftSize(size)
  const rest = path.slice(0, -1)
  const within = index < left ? { index, size: left } : { index: index - left, size: size - left }
  const inside = rootOver(leaf, { ...within, path: rest }, digest)
  if (inside === undefined) return undefined
  return index < left ? nodeHash(inside, beside, digest) : nodeHash(beside, inside, digest)
}
