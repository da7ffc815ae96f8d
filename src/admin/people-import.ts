import { createReadStream } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { parseDocument } from '../accounts/identifiers/documents.ts'
import { checkName, matchKey, normaliseName } from '../accounts/identifiers/names.ts'
import type { IdentityClaim } from '../proofing/population-register.ts'
import type { Back } from './house.ts'

const columns = ['document_type', 'document_number', 'name'] as const

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

const rowsAtOnce = 1000
const mostReported = 100
const longestLine = 2000
/** Between transactions the server gets its turn to write: SQLite lets it ask again every few milliseconds only. */
const pauseMs = 10

/** The file as a whole cannot be used; nothing of it was imported. */
export class UnusableFile extends Error {}

/**
 * Adds the people of a CSV file to the embedded population register, however long the file is: what is in memory is one
 * transaction's worth of rows. Good rows are imported, bad ones reported.
 * @throws UnusableFile
 */
export async function importPeople(house: Back, file: string, actor: string): Promise<ImportReport> {
  const report: ImportReport = { imported: 0, refused: [], refused_count: 0 }
  const refuse = (line: number, problem: string) => {
    report.refused_count += 1
    if (report.refused.length < mostReported) report.refused.push({ line, problem })
  }
  const today = new Date(house.clock())
  // by document, since PostgreSQL refuses to write one row twice in a statement; the later row counts
  let batch = new Map<string, IdentityClaim>()
  const write = async () => {
    const people = [...batch.values()]
    batch = new Map()
    if (people.length === 0) return
    await house.database.transaction().execute((transaction) => house.register.add(transaction, people))
    report.imported += people.length
    await pause(pauseMs)
  }

  let finished = false
  try {
    for await (const { line, cells } of rowsOf(file, refuse)) {
      const read = readPerson(cells, today)
      if ('problem' in read) refuse(line, read.problem)
      else batch.set(`${read.documentType}:${read.documentNumber}`, read)
      if (batch.size >= rowsAtOnce) await write()
    }
    await write()
    finished = true
  } finally {
    if (finished || report.imported > 0) {
      const details = { kind: 'people', imported: report.imported, refused: report.refused_count, finished }
      await house.audit.record({ event: 'register.imported', actor, details })
    }
  }
  return report
}

interface Row {
  line: number
  cells: string[]
}

/** The rows under the header. A person is one line, so that a stray quotation mark spoils that line and no other. */
async function* rowsOf(file: string, refuse: (line: number, problem: string) => void): AsyncGenerator<Row> {
  let line = 0
  for await (const text of linesOf(file)) {
    line += 1
    if (line === 1) checkHead(text)
    else if (text.length > longestLine) refuse(line, `is longer than ${longestLine} characters`)
    else if (text !== '') {
      const cells = cellsOf(text)
      if (cells) yield { line, cells }
      else refuse(line, 'is not CSV: check its quotation marks')
    }
  }
  if (line === 0) checkHead('')
}

function checkHead(text: string) {
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

/** Replacement characters come from bytes that are no UTF-8. */
const notUtf8 = '\u{fffd}'

function readPerson(cells: string[], today: Date): IdentityClaim | { problem: string } {
  const [type = '', number = '', given = ''] = cells
  if (cells.length !== columns.length) return { problem: `has ${cells.length} columns instead of ${columns.length}` }
  if (given.includes(notUtf8)) return { problem: 'is not UTF-8: save the file as UTF-8' }
  const name = normaliseName(given)
  const document = parseDocument({ type: type.trim(), number, today })
  const problem = checkName(name) ?? (document.ok ? undefined : document.problem)
  if (problem !== undefined || !document.ok) return { problem: String(problem) }
  return { documentType: document.document.type, documentNumber: document.document.number, nameKey: matchKey(name) }
}
