import type { VerifyDocument } from '../keys/document-signatures.ts'
import type { ArchiveTips, Tip } from './archived-end.ts'
import { startOf, type Anchor, type ChainFault } from './chain.ts'
import { digestOfSigned, isRootOver, openRoot } from './roots.ts'

/** Where a series of checkpoints begins. */
export interface RootsBegin extends ArchiveTips {
  /** The digest of the checkpoint before; undefined where it is not known. */
  previous?: string | undefined
}

/** Before the first checkpoint over all chains. `signed`: the last entry of chain 0 that one of a single chain has signed. */
export const noRoots = (signed: number): RootsBegin => ({
  number: 0,
  tips: [],
  anchors: signed > 0 ? [{ chain: 0, sequence: signed, hash: '' }] : [],
})

/** The last number that a checkpoint names, for a fault of the checkpoint itself. */
const lastIn = (runs: readonly Tip[]): number => runs.reduce((most, { last }) => Math.max(most, last), 0)

export const notOfThisStore = 'its checkpoint is not signed by a key of this store'

/**
 * Reads checkpoints over all chains in their order: numbers, signatures, and that each signs the tips it should. The runs of a
 * chain must follow each other. Memory holds the tips of open chains.
 */
export function createRootReader(verify: VerifyDocument, begin: RootsBegin) {
  const live = new Map(begin.tips.filter(({ final }) => !final).map((tip) => [tip.chain, tip]))
  const ends = new Map(begin.anchors.map(({ chain, sequence }) => [chain, sequence]))
  let { number, previous } = begin
  return {
    /** The fault of the next checkpoint, whose own runs these are. */
    async read(signed: string, runs: readonly Tip[], named: number): Promise<ChainFault | undefined> {
      const fault = (kind: ChainFault['kind'], sequence: number, what: string) => ({ kind, sequence, fault: what })
      if (named !== number + 1) return fault('missing', lastIn(runs), `the checkpoint ${number + 1} is missing`)
      const root = await openRoot(verify, signed)
      if (root?.number !== named) return fault('rewritten', lastIn(runs), notOfThisStore)
      if (previous !== undefined && root.previous !== previous)
        return fault('rewritten', lastIn(runs), `its checkpoint does not follow the checkpoint ${number}`)
      for (const tip of runs) {
        const after = live.get(tip.chain)?.last ?? ends.get(tip.chain) ?? startOf(tip.chain).sequence
        if (tip.first !== after + 1)
          return fault('missing', after + 1, 'no checkpoint signs this entry, but a later one')
        live.set(tip.chain, tip)
      }
      if (!isRootOver(root, [...live.values()]))
        return fault('rewritten', lastIn(runs), 'its checkpoint signs other ends of chains')
      for (const { chain, final } of runs) if (final) live.delete(chain)
      previous = digestOfSigned(signed)
      number = named
      return undefined
    },
    /** The number of the last checkpoint. */
    number: () => number,
  }
}

export const endOf = ({ last, head }: Tip): Anchor => ({ sequence: last, hash: head })
