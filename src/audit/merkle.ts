import { hash } from 'node:crypto'

/**
 * The Merkle tree of RFC 6962 section 2.1. Its root commits to an ordered list of leaves. A short path of hashes proves
 * that one leaf is in the list, without revealing the others.
 */
const leafHash = (leaf: string) => hash('sha256', `\0${leaf}`, 'hex')
const nodeHash = (left: string, right: string) =>
  hash('sha256', Buffer.concat([Buffer.of(1), Buffer.from(left, 'hex'), Buffer.from(right, 'hex')]), 'hex')

/** The largest power of two smaller than the number of leaves. */
const leftSize = (size: number) => 2 ** Math.floor(Math.log2(size - 1))

/** @throws RangeError for no leaves */
export function merkleRoot(leaves: readonly string[]): string {
  const [first] = leaves
  if (first === undefined) throw new RangeError('a tree has leaves')
  if (leaves.length === 1) return leafHash(first)
  const left = leftSize(leaves.length)
  return nodeHash(merkleRoot(leaves.slice(0, left)), merkleRoot(leaves.slice(left)))
}

/** The sibling hashes on the path from a leaf to the root, from the bottom up (RFC 6962 section 2.1.1). */
export function merklePath(leaves: readonly string[], index: number): string[] {
  if (leaves.length <= 1) return []
  const left = leftSize(leaves.length)
  return index < left
    ? [...merklePath(leaves.slice(0, left), index), merkleRoot(leaves.slice(left))]
    : [...merklePath(leaves.slice(left), index - left), merkleRoot(leaves.slice(0, left))]
}

/** The root that follows from a leaf, its index and its path; undefined for a path of the wrong length. */
export function rootOver(leaf: string, index: number, size: number, path: readonly string[]): string | undefined {
  if (!(index >= 0 && index < size)) return undefined
  if (size === 1) return path.length === 0 ? leafHash(leaf) : undefined
  const beside = path.at(-1)
  if (beside === undefined || !/^[0-9a-f]{64}$/.test(beside)) return undefined
  const left = leftSize(size)
  const rest = path.slice(0, -1)
  const inside = index < left ? rootOver(leaf, index, left, rest) : rootOver(leaf, index - left, size - left, rest)
  if (inside === undefined) return undefined
  return index < left ? nodeHash(inside, beside) : nodeHash(beside, inside)
}
