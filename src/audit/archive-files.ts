import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import type { VerifyDocument } from '../keys/document-signatures.ts'
import { archiveTipsSchema, tipSchema, type Tip } from './archived-end.ts'
import { chainOf, createTrailReader, startOf, type Anchor, type Entry } from './chain.ts'
import { openCheckpoint } from './old-checkpoints.ts'
import { createRootReader, endOf, noRoots } from './root-reader.ts'
import { broken, type AuditLogCheck } from './verify.ts'

const beginSchema = archiveTipsSchema.extend({
  /** 0: before the first checkpoint over all chains. */
  number: z.int().nonnegative(),
  /** The digest of the checkpoint before. */
  previous: z.string().optional(),
  /** The last entry of chain 0 that a checkpoint of one chain has signed before this archive. */
  signed: z.number(),
})

export type ArchiveBegin = z.infer<typeof beginSchema>

/** The lines of an archive: its begin, its checkpoints, then its entries, chain by chain. */
const lineSchema = z.union([
  z.object({ begin: beginSchema, month: z.string() }),
  z.object({ root: z.string(), number: z.number(), runs: z.array(tipSchema) }),
  // of versions with one chain
  z.object({ after: z.object({ sequence: z.number(), hash: z.string() }), month: z.string() }),
  z.object({ entry: z.custom<Entry>((value) => typeof value === 'object' && value !== null) }),
  z.object({ checkpoint: z.string() }),
])

export type ArchiveLine = z.infer<typeof lineSchema>

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/**
 * Verifies an archive without the store: its chains, its checkpoints, and that the end of each chain is signed.
 * @throws Error when the file is not an archive
 */
export async function verifyArchive(verify: VerifyDocument, file: string): Promise<AuditLogCheck> {
  let check: AuditLogCheck | undefined
  // A pipeline rejects when the file is damaged; a stream without listener would crash the process.
  await pipeline(createReadStream(file), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
    check = await verifyLines(verify, linesOf(chunks))
  }).catch((error: unknown) => {
    // A fault ends the reading early, which aborts the pipeline.
    if (!check) throw error
  })
  if (!check) throw new Error('the archive was not read')
  return check
}

/**
 * Verifies an archive, then yields its entries.
 * @throws Error when the file is not an archive, or was changed after signing
 */
export async function* entriesOfArchive(verify: VerifyDocument, file: string): AsyncGenerator<Entry> {
  const check = await verifyArchive(verify, file)
  if (!check.whole) throw new Error(`${file}: entry ${check.sequence}: ${check.fault}`)
  for await (const text of linesOf(createReadStream(file).pipe(createGunzip()))) {
    const read = lineSchema.parse(JSON.parse(text))
    if ('entry' in read) yield read.entry
  }
}

/** Where an archive begins, in either form. */
function beginOfLine(line: ArchiveLine): ArchiveBegin | undefined {
  if ('begin' in line) return line.begin
  if (!('after' in line)) return undefined
  const { sequence, hash } = line.after
  return { number: 0, tips: [], anchors: [{ chain: 0, sequence, hash }], signed: sequence }
}

/** Checks the lines one by one. Memory holds the ends of the chains. */
function createLineReader(verify: VerifyDocument) {
  let begun: ArchiveBegin | undefined
  let signed = 0
  let checkpoints = 0
  let roots: ReturnType<typeof createRootReader> | undefined
  let trail = createTrailReader(new Map())
  /** Ends of chains that the checkpoints have signed, and those of the entries. */
  const heads = new Map<number, Anchor>()
  const ends = new Map<number, Anchor>()

  function begin(line: ArchiveBegin) {
    begun = line
    signed = line.signed
    trail = createTrailReader(new Map(line.anchors.map((anchor) => [anchor.chain, anchor])))
  }

  async function readCheckpoint(text: string) {
    const checkpoint = await openCheckpoint(verify, text)
    if (!checkpoint) return broken('rewritten', signed, 'a checkpoint is not signed by a key of this store')
    if (checkpoint.first !== signed + 1) return broken('missing', signed + 1, 'the checkpoint of this entry is missing')
    signed = checkpoint.last
    heads.set(0, { sequence: checkpoint.last, hash: checkpoint.head })
    checkpoints += 1
    return undefined
  }

  async function readRoot(text: string, number: number, runs: readonly Tip[]) {
    roots ??= createRootReader(verify, begun && begun.number > 0 ? begun : noRoots(signed))
    const fault = await roots.read(text, runs, number)
    if (fault) return { whole: false, ...fault } as const
    for (const tip of runs) heads.set(tip.chain, endOf(tip))
    checkpoints += 1
    return undefined
  }

  function readEntry(entry: Entry) {
    const fault = trail.read(entry)
    if (fault) return { whole: false, ...fault } as const
    const { sequence } = entry
    const chain = chainOf(sequence)
    const head = heads.get(chain)
    if (head?.sequence === sequence && head.hash !== entry.hash)
      return broken('rewritten', sequence, 'another history was signed in its checkpoint')
    ends.set(chain, trail.last())
    return undefined
  }

  return {
    async read(line: ArchiveLine): Promise<AuditLogCheck | undefined> {
      const first = beginOfLine(line)
      // A second start would hide that entries before it are missing.
      if (first && begun) return broken('missing', trail.last().sequence + 1, 'it begins a second time')
      if (first) begin(first)
      else if ('checkpoint' in line) return readCheckpoint(line.checkpoint)
      else if ('root' in line) return readRoot(line.root, line.number, line.runs)
      else if ('entry' in line) return readEntry(line.entry)
      return undefined
    },
    end(): AuditLogCheck {
      for (const chain of new Set([...heads.keys(), ...ends.keys()])) {
        const [head, end] = [heads.get(chain)?.sequence, ends.get(chain)?.sequence]
        if (head === end) continue
        const start = startOf(chain).sequence
        return broken('truncated', Math.min(head ?? start, end ?? start) + 1, 'its end is not the one that was signed')
      }
      return { whole: true, entries: trail.entries(), checkpoints, unsigned: 0 }
    },
  }
}

async function verifyLines(verify: VerifyDocument, lines: AsyncIterable<string>): Promise<AuditLogCheck> {
  const reader = createLineReader(verify)
  for await (const text of lines) {
    const fault = await reader.read(lineSchema.parse(JSON.parse(text)))
    if (fault) return fault
  }
  return reader.end()
}

/** SHA-256 of an archive file in hexadecimal, as the audit log records it. */
export async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
