import { setTimeout as pause } from 'node:timers/promises'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import { advanceBatch, beginBatch, changeState, type Batch } from './batches.ts'
import type { PopulationRegister } from '../../proofing/population-register.ts'
import { classify, matchedLines, prepareRow, readAsked, readLinks, readStoreFacts, replay } from './classify.ts'
import type { Decided, PreparedRow } from './classify.ts'
import { openEarlierRows, type EarlierRows } from './earlier-rows.ts'
import { readRow, type ImportRow, type ReadRow } from './import-row.ts'
import { linesOf, surveyFile, type Line } from './lines.ts'
import { countInto, noResults, openClassFiles, type ClassFiles, type Results } from './results.ts'
import { writeRows, type WriteDeps } from './write-rows.ts'

/** What the settings say about links by number. */
interface LinkingUpstream {
  id: string
  linking: 'ask' | 'number'
  authoritativeFor: readonly string[]
}

export type ImportDeps = WriteDeps & {
  database: Database
  register: PopulationRegister
  /** A missing upstream links nothing by number. */
  upstreams: { list(): readonly LinkingUpstream[] }
  publishPasswordWork(): void
}

export interface ImportInput {
  file: string
  upstream: string
  /** Without it: the upstream and the beginning of the file's SHA-256, so that the same command goes on after an interruption. */
  batch?: string | undefined
  dryRun: boolean
  /** Directory for the files of the classes of all batches. */
  directory: string
  actor: string
  progress(done: number, total: number): void
  /** Gets the rows of a dry run with their verdicts. */
  preview?: ((row: ImportRow | undefined, decided: Decided) => void) | undefined
}

export interface ImportReport {
  batch: string
  results: Results
  /** The whole file was imported before, and nothing was done. */
  before: boolean
}

const linesAtOnce = 500
/** A pause between transactions, so that a server can write: SQLite retries a lock every few milliseconds. */
const pauseMs = 5

/**
 * Imports the accounts of an upstream. Memory holds one piece of the file; each piece is one transaction with its counts, so that
 * an interrupted import goes on exactly where it was.
 * @throws ImportRefused; system errors of the file
 */
export async function importFile(deps: ImportDeps, input: ImportInput): Promise<ImportReport> {
  const { hash: fileHash, lines: total } = await surveyFile(input.file)
  const id = input.batch ?? `${input.upstream}-${fileHash.slice(0, 12)}`
  const batch = input.dryRun
    ? dryBatch(id, input.upstream, fileHash)
    : await beginBatch(deps, { id, upstream: input.upstream, fileHash })
  if (batch.state === 'finished') return { batch: id, results: batch.results, before: true }
  const files = input.dryRun ? undefined : openClassFiles(`${input.directory}/${id}`)
  const earlier = openEarlierRows()
  const run: Run = { deps, input, earlier, files, batch, today: new Date(deps.clock()) }
  try {
    for await (const lines of piecesOf(input.file)) {
      await importPiece(run, lines)
      input.progress(run.batch.linesDone, total)
    }
    if (!input.dryRun) await finish(run)
  } finally {
    files?.close(run.batch.results.sizes)
    earlier.close()
  }
  return { batch: id, results: run.batch.results, before: false }
}

const dryBatch = (id: string, upstream: string, fileHash: string): Batch => ({
  id,
  upstream,
  fileHash,
  state: 'running',
  linesDone: 0,
  results: noResults(),
  endedAt: null,
})

interface Run {
  deps: ImportDeps
  input: ImportInput
  earlier: EarlierRows
  files: ClassFiles | undefined
  /** As it is in the store. */
  batch: Batch
  today: Date
}

/** Some rows of the file; those that are well formed are prepared. */
interface Piece {
  rows: readonly ReadRow[]
  prepared: readonly (PreparedRow | undefined)[]
  /** Lines whose name and number match our register. */
  matched: ReadonlySet<number>
  /** Number of the last line. */
  linesDone: number
}

interface Written {
  results: Results
  /** Each check of a password is more work now. */
  workRaised: boolean
}

async function* piecesOf(file: string): AsyncGenerator<Line[]> {
  let held: Line[] = []
  for await (const lines of linesOf(file)) {
    held.push(...lines)
    while (held.length >= linesAtOnce) {
      yield held.slice(0, linesAtOnce)
      held = held.slice(linesAtOnce)
    }
  }
  if (held.length > 0) yield held
}

async function importPiece(run: Run, lines: readonly Line[]): Promise<void> {
  const { deps, input, batch } = run
  const done = lines.filter(({ number }) => number <= batch.linesDone)
  const open = lines.filter(({ number }) => number > batch.linesDone)
  if (done.length > 0) await replayLines(run, done)
  const rows = open.flatMap((line) => readRow(line, run.today) ?? [])
  const prepared = rows.map((read) => (read.ok ? prepareRow(deps, input.upstream, read.row) : undefined))
  const linesDone = open.at(-1)?.number
  if (linesDone === undefined) return
  const piece = { rows, prepared, matched: await matchedLines(deps, prepared), linesDone }
  const { results, workRaised } = await withRetry(() =>
    run.earlier.atomic(() =>
      input.dryRun
        ? previewPiece(run, piece)
        : deps.database.transaction().execute((transaction) => writePiece(run, transaction, piece)),
    ),
  )
  run.batch = { ...batch, linesDone, results }
  if (workRaised) deps.publishPasswordWork()
  if (!input.dryRun) await pause(pauseMs)
}

/** Rows that were imported before the interruption are only remembered. */
async function replayLines({ deps, input, earlier, batch, today }: Run, lines: readonly Line[]): Promise<void> {
  const rows = lines.flatMap((line) => readRow(line, today) ?? [])
  const prepared = rows.flatMap((read) => (read.ok ? [prepareRow(deps, input.upstream, read.row)] : []))
  const links = await readLinks(deps.database, input.upstream, prepared)
  const asked = await readAsked(deps.database, { upstream: input.upstream, batch: batch.id }, prepared)
  await earlier.atomic(async () => {
    for (const one of prepared) replay(one, { links, asked }, earlier, batch.id)
  })
}

async function decide(
  { deps, input, earlier }: Run,
  within: Database,
  { rows, prepared, matched }: Piece,
): Promise<Decided[]> {
  const upstream = deps.upstreams.list().find(({ id }) => id === input.upstream)
  const proves = (type: string) => upstream?.linking === 'number' && upstream.authoritativeFor.includes(type)
  const known = await readStoreFacts(
    deps,
    within,
    input.upstream,
    prepared.filter((one) => one !== undefined),
  )
  return rows.map((read, index) => {
    const one = prepared[index]
    if (!read.ok)
      return { line: read.line, outcome: 'malformed', problem: read.problem, marks: [], write: false, level: 2 }
    if (!one) throw new Error('a row was not prepared')
    const documentIndex = deps.upstreamLinks.documentIndex(read.row.document)
    const { line, document } = read.row
    const how = { documentIndex, matched: matched.has(line), byNumber: proves(document.type) }
    return classify(one, known, earlier, how)
  })
}

async function previewPiece(run: Run, piece: Piece): Promise<Written> {
  const decided = await decide(run, run.deps.database, piece)
  for (const [index, one] of decided.entries()) run.input.preview?.(piece.prepared[index]?.row, one)
  const { counts, sizes } = run.batch.results
  return { results: { counts: countInto(counts, decided), sizes }, workRaised: false }
}

async function writePiece(run: Run, transaction: DatabaseTransaction, piece: Piece): Promise<Written> {
  const { deps, input, batch, files } = run
  const { upstream, actor } = input
  const decided = await decide(run, transaction, piece)
  const valid = decided.flatMap((one, index) => {
    const prepared = piece.prepared[index]
    return prepared ? [{ prepared, decided: one }] : []
  })
  const { written, workRaised } = await writeRows(deps, transaction, { upstream, batch: batch.id, actor }, valid)
  const persons = new Map(written.map(({ line, person }) => [line, person]))
  const verdicts = decided.map((one) => {
    const person = persons.get(one.line)
    return person === undefined ? one : { ...one, person }
  })
  const { counts, sizes } = batch.results
  // the files first: bytes that the store does not count are cut or overwritten
  const results = { counts: countInto(counts, verdicts), sizes: files?.write(sizes, verdicts) ?? sizes }
  await advanceBatch(transaction, batch, { linesDone: piece.linesDone, results })
  const details = { upstream, batch: batch.id, from: batch.linesDone + 1, to: piece.linesDone }
  const opened = verdicts.filter(({ outcome }) => outcome === 'new').length
  await deps.audit.append(transaction, { event: 'person.imported', actor, details: { ...details, opened } })
  return { results, workRaised }
}

async function finish({ deps, batch }: Run): Promise<void> {
  await changeState(deps.database, batch.id, { from: 'running', to: 'finished', endedAt: deps.clock() })
}

const mostRetries = 5
const uniqueViolation = '23505'

/** On PostgreSQL, a registration may take a document or username between the look and the write. */
async function withRetry<T>(work: () => Promise<T>): Promise<T> {
  for (let left = mostRetries; ; left -= 1) {
    try {
      return await work()
    } catch (error) {
      if (left === 0 || (error as { code?: unknown }).code !== uniqueViolation) throw error
    }
  }
}
