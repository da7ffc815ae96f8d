import { createReadStream } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import type { DatabaseTransaction } from '../../storage/database.ts'
import { hasShapeless } from '../../text/visible.ts'
import type { Services } from '../../services.ts'

/** A row that was not imported, without the personal data in it. */
export interface Refused {
  line: number
  problem: string
}

export interface ImportReport {
  imported: number
  /** The first of them, at most `mostReported`. */
  refused: Refused[]
  refused_count: number
}

/** What a file of one kind holds, and where it goes. */
export interface ImportKind<T> {
  kind: string
  columns: readonly string[]
  /** A row as it is kept, with what makes it the same as another; or what is wrong with it. */
  read(cells: string[], today: Date): { key: string; record: T } | { problem: string }
  write(transaction: DatabaseTransaction, records: T[]): Promise<void>
  /** What follows from a batch once it is kept. */
  after?(records: readonly T[]): Promise<void>
}

const rowsAtOnce = 1000
const mostReported = 100
const longestLine = 2000
/** Between transactions the server gets its turn to write: SQLite lets it ask again every few milliseconds only. */
const pauseMs = 10

/** The file as a whole cannot be used; nothing of it was imported. */
export class UnusableFile extends Error {}

/**
 * Adds the records of a CSV file to an embedded register, however long the file is: what is in memory is one transaction's
 * worth of rows. Good rows are imported, bad ones reported.
 * @throws UnusableFile
 */
export async function importFile<T>(
  services: Services,
  { kind, columns, read, write: keep, after }: ImportKind<T>,
  file: string,
  actor: string,
): Promise<ImportReport> {
  const report: ImportReport = { imported: 0, refused: [], refused_count: 0 }
  const refuse = (line: number, problem: string) => {
    report.refused_count += 1
    if (report.refused.length < mostReported) report.refused.push({ line, problem })
  }
  const today = new Date(services.clock())
  // by key, since PostgreSQL refuses to write one row twice in a statement; the later row counts
  let batch = new Map<string, T>()
  const write = async () => {
    const records = [...batch.values()]
    batch = new Map()
    if (records.length === 0) return
    await services.database.transaction().execute((transaction) => keep(transaction, records))
    await after?.(records)
    report.imported += records.length
    await pause(pauseMs)
  }

  let finished = false
  try {
    for await (const { line, cells } of rowsOf(file, columns, refuse)) {
      const row = readRow(cells, columns, today, read)
      if ('problem' in row) refuse(line, row.problem)
      else batch.set(row.key, row.record)
      if (batch.size >= rowsAtOnce) await write()
    }
    await write()
    finished = true
  } finally {
    if (finished || report.imported > 0) {
      const details = { kind, imported: report.imported, refused: report.refused_count, finished }
      await services.audit.record({ event: 'register.imported', actor, details })
    }
  }
  return report
}

/** Replacement characters come from bytes that are no UTF-8. */
const notUtf8 = '\u{fffd}'

function readRow<T>(cells: string[], columns: readonly string[], today: Date, read: ImportKind<T>['read']) {
  if (cells.length !== columns.length) return { problem: `has ${cells.length} columns instead of ${columns.length}` }
  if (cells.some((cell) => cell.includes(notUtf8))) return { problem: 'is not UTF-8: save the file as UTF-8' }
  if (cells.some((cell) => hasShapeless(cell.trim()))) return { problem: 'has control, format or direction characters' }
  return read(cells, today)
}

interface Row {
  line: number
  cells: string[]
}

/** The rows under the header. A record is one line, so that a stray quotation mark spoils that line and no other. */
async function* rowsOf(
  file: string,
  columns: readonly string[],
  refuse: (line: number, problem: string) => void,
): AsyncGenerator<Row> {
  let line = 0
  for await (const text of linesOf(file)) {
    line += 1
    if (line === 1) checkHead(text, columns)
    else if (text.length > longestLine) refuse(line, `is longer than ${longestLine} characters`)
    else if (text !== '') {
      const cells = cellsOf(text)
      if (cells) yield { line, cells }
      else refuse(line, 'is not CSV: check its quotation marks')
    }
  }
  if (line === 0) checkHead('', columns)
}

function checkHead(text: string, columns: readonly string[]) {
  const head = cellsOf(text)?.map((cell) => cell.trim())
  if (String(head) !== String(columns)) throw new UnusableFile(`must begin with the line ${String(columns)}`)
}

function cellsOf(text: string): string[] | undefined {
  if (!text.includes('"')) return text.split(',')
  try {
    const [cells] = parse(text, { relax_column_count: true })
    return cells
  } catch {
    return undefined
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder() // leaves out a byte order mark
  let begun = ''
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    const lines = (begun + decoder.decode(chunk, { stream: true })).split('\n')
    // an endless line is cut, and refused when it ends
    begun = (lines.pop() ?? '').slice(0, longestLine + 1)
    for (const line of lines) yield line.replace(/\r$/, '')
  }
  if (begun !== '') yield begun
}
