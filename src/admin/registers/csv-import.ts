import { createReadStream } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import type { DatabaseTransaction } from '../../storage/database.ts'
import { hasShapeless } from '../../text/visible.ts'
import type { Services } from '../../services.ts'

/** A row that was not imported. It contains no personal data. */
export interface Refused {
  line: number
  problem: string
}

export interface ImportReport {
  imported: number
  /** The first refused rows, at most `maxReported`. */
  refused: Refused[]
  refused_count: number
}

/** The format of a file, and its register. */
export interface ImportKind<T> {
  kind: string
  columns: readonly string[]
  /** Parses a row. Rows with the same key are about the same record. */
  read(cells: string[], today: Date): { key: string; record: T } | { problem: string }
  write(transaction: DatabaseTransaction, records: T[]): Promise<void>
  /** Runs after a batch is committed. */
  after?(records: readonly T[]): Promise<void>
}

const rowsAtOnce = 1000
const maxReported = 100
const maxLineLength = 2000
/** A pause between transactions, so that the server can write: SQLite retries a lock every few milliseconds. */
const pauseMs = 10

/** The file cannot be used, and nothing was imported. */
export class UnusableFile extends Error {}

/**
 * Adds the records of a CSV file to an embedded register. Memory holds the rows of one transaction.
 * Valid rows are imported; invalid rows are reported.
 * @throws UnusableFile
 */
export async function importFile<T>(
  services: Services,
  { kind, columns, read, write: add, after }: ImportKind<T>,
  file: string,
  actor: string,
): Promise<ImportReport> {
  const report: ImportReport = { imported: 0, refused: [], refused_count: 0 }
  const refuse = (line: number, problem: string) => {
    report.refused_count += 1
    if (report.refused.length < maxReported) report.refused.push({ line, problem })
  }
  const today = new Date(services.clock())
  // by key, because PostgreSQL refuses two rows with one key in a statement; the later row counts
  let batch = new Map<string, T>()
  const write = async () => {
    const records = [...batch.values()]
    batch = new Map()
    if (records.length === 0) return
    await services.database.transaction().execute((transaction) => add(transaction, records))
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

/** The decoder puts it in place of bytes that are not UTF-8. */
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

/**
 * The rows under the header. A record is one line, so that an unclosed quotation mark spoils one line only.
 * csv-parse cannot stream the whole file: it would read on to the next quotation mark.
 */
async function* rowsOf(
  file: string,
  columns: readonly string[],
  refuse: (line: number, problem: string) => void,
): AsyncGenerator<Row> {
  let line = 0
  for await (const text of linesOf(file)) {
    line += 1
    if (line === 1) checkHead(text, columns)
    else if (text.length > maxLineLength) refuse(line, `is longer than ${maxLineLength} characters`)
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
  const decoder = new TextDecoder() // removes a byte order mark
  let begun = ''
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    const lines = (begun + decoder.decode(chunk, { stream: true })).split('\n')
    // a line without end is cut, and refused at its end
    begun = (lines.pop() ?? '').slice(0, maxLineLength + 1)
    for (const line of lines) yield line.replace(/\r$/, '')
  }
  if (begun !== '') yield begun
}
