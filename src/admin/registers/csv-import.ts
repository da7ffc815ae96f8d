import { setTimeout as pause } from 'node:timers/promises'
import type { Services } from '../../services.ts'
import type { DatabaseTransaction } from '../../storage/database.ts'
import { withoutPrivateUse } from '../../accounts/identifiers/han-characters.ts'
import { withoutInvisible } from '../../text/invisible.ts'
import { hasShapeless } from '../../text/visible.ts'
import { createDamage, createRepeats, hasLost } from './judge-file.ts'
import { looksMisread } from './looks-misread.ts'
import { openRegisterFile, UnusableRegisterFile, type Encoding, type RegisterFile, type Row } from './register-file.ts'

/** A row with a problem. It contains no personal data. */
export interface Noted {
  line: number
  problem: string
}

/** `imported`, `repeated` and `refused_count` together are `rows`. */
export interface ImportReport {
  rows: number
  imported: number
  /** Rows that say the same as an earlier row of the file. */
  repeated: number
  /** The first refused rows, at most `maxReported`. */
  refused: Noted[]
  refused_count: number
  /** The first imported rows with something unusual, at most `maxReported`. */
  warnings: Noted[]
  warnings_count: number
}

/** `said`: what the row says, where equal records may be written differently; the record by default. */
type ReadRow<T> = { key: string; record: T; said?: string; warning?: string } | { problem: string }

/** The format of a file, and its register. */
export interface ImportKind<T> {
  kind: string
  columns: readonly string[]
  /** Positions of the columns with numbers. */
  numbers: readonly number[]
  /** The text of a row that a person of China or an organisation has in Chinese characters. */
  chineseText(cells: readonly string[]): string | undefined
  /** Parses a row. Rows with the same key are about the same record. */
  read(cells: string[], today: Date): ReadRow<T>
  write(transaction: DatabaseTransaction, records: T[]): Promise<void>
  /** Runs after a batch is committed. */
  after?(records: readonly T[]): Promise<void>
}

interface ImportInput {
  file: string
  actor: string
  encoding?: Extract<Encoding, 'utf-8' | 'gb18030'> | undefined
  /** The numbers that end in 000 are right. */
  roundNumbers?: boolean | undefined
  /** The rows done, and their number; 0 while it is not known. */
  progress?: ((done: number, total: number) => void) | undefined
}

const rowsAtOnce = 1000
const maxReported = 100
/** A pause between transactions, so that the server can write: SQLite retries a lock every few milliseconds. */
const pauseMs = 10

/**
 * Adds the records of a CSV file to an embedded register. Memory holds the rows of one transaction.
 * The whole file is judged before the first row is imported. Then valid rows are imported; invalid rows are reported.
 * @throws UnusableRegisterFile
 */
export async function importFile<T>(
  services: Services,
  kind: ImportKind<T>,
  input: ImportInput,
): Promise<ImportReport> {
  const file = await openRegisterFile(input.file, kind.columns, input.encoding)
  const today = new Date(services.clock())
  const { progress = () => undefined } = input
  const { rows: total, verdictOf } = await judgeFile(file, kind, today, input)
  const report: ImportReport = {
    rows: 0,
    imported: 0,
    repeated: 0,
    refused: [],
    refused_count: 0,
    warnings: [],
    warnings_count: 0,
  }
  let batch: T[] = []
  const write = async () => {
    const records = batch
    batch = []
    if (records.length === 0) return
    await services.database.transaction().execute((transaction) => kind.write(transaction, records))
    await kind.after?.(records)
    report.imported += records.length
    await pause(pauseMs)
  }

  let finished = false
  try {
    for await (const row of file.rows()) {
      report.rows += 1
      if (report.rows % rowsAtOnce === 0) progress(report.rows, total)
      const read = readRow(row, kind, today)
      const verdict = 'problem' in read ? read : verdictOf(row.line, read)
      if (verdict === 'repeated') report.repeated += 1
      else if ('problem' in verdict) noteRow(report, 'refused', row.line, verdict.problem)
      else {
        batch.push(verdict.record)
        if (verdict.warning) noteRow(report, 'warnings', row.line, verdict.warning)
      }
      if (batch.length >= rowsAtOnce) await write()
    }
    await write()
    progress(total, total)
    finished = true
  } finally {
    if (finished || report.imported > 0) {
      const details = { kind: kind.kind, imported: report.imported, refused: report.refused_count, finished }
      await services.audit.record({ event: 'register.imported', actor: input.actor, details })
    }
  }
  return report
}

function noteRow(report: ImportReport, list: 'refused' | 'warnings', line: number, problem: string) {
  report[`${list}_count`] += 1
  if (report[list].length < maxReported) report[list].push({ line, problem })
}

/** A row and the rows with the same key. */
interface Claim {
  said: string
  line: number
  /** The first line that says something else. */
  against?: number
}

type Valid<T> = Extract<ReadRow<T>, { key: string }>

/**
 * Looks for faults of the file as a whole: no row shows them by itself.
 * @returns the number of rows, and what to do with a valid one
 * @throws UnusableRegisterFile
 */
async function judgeFile<T>(file: RegisterFile, kind: ImportKind<T>, today: Date, input: ImportInput) {
  const damage = createDamage(kind.numbers, input.roundNumbers ?? false)
  const repeats = createRepeats()
  let rows = 0
  for await (const row of file.rows()) {
    rows += 1
    if (rows % rowsAtOnce === 0) input.progress?.(rows, 0)
    const cells = row.cells?.map(cleanCell) ?? []
    damage.see(row.line, cells)
    const chinese = kind.chineseText(cells) ?? ''
    if (hasLost(chinese)) {
      throw new UnusableRegisterFile(`has names with lost characters (line ${row.line}): export it anew as "CSV UTF-8"`)
    }
    if (looksMisread(chinese)) {
      throw new UnusableRegisterFile(
        `has a Chinese name in letters of another script (line ${row.line}), as GB18030 (GBK) gives when it is read as ` +
          'UTF-8: export it anew as "CSV UTF-8", or give --encoding gb18030',
      )
    }
    const read = readRow(row, kind, today)
    if ('key' in read) repeats.see(read.key)
  }
  damage.judge()
  const maybe = repeats.maybe()
  // without repeated keys the file need not be read once more
  const claims = maybe ? await claimsOf(file, kind, today, maybe) : new Map<string, Claim>()

  const verdictOf = (line: number, read: Valid<T>): Valid<T> | { problem: string } | 'repeated' => {
    const claim = claims.get(read.key)
    if (!claim) return read
    if (claim.against !== undefined) {
      const other = line === claim.line ? claim.against : claim.line
      return { problem: `has the number of line ${other}, but other data: neither row was imported` }
    }
    return line === claim.line ? read : 'repeated'
  }
  return { rows, verdictOf }
}

async function claimsOf<T>(file: RegisterFile, kind: ImportKind<T>, today: Date, maybe: (key: string) => boolean) {
  const claims = new Map<string, Claim>()
  for await (const row of file.rows()) {
    const read = readRow(row, kind, today)
    if ('problem' in read || !maybe(read.key)) continue
    const said = read.said ?? JSON.stringify(read.record)
    const claim = claims.get(read.key)
    if (!claim) claims.set(read.key, { said, line: row.line })
    else if (claim.said !== said) claim.against ??= row.line
  }
  return claims
}

/** The text that a cell means: `="44…"` and `'44…` are how spreadsheets mark a text. */
function cleanCell(cell: string): string {
  const formula = /^\s*="(.*)"\s*$/u.exec(cell)
  const text = withoutPrivateUse(withoutInvisible(formula?.[1] ?? cell)).trim()
  return text.replace(/^['‘’](?=[\dA-Z\p{Script=Han}]|[a-z]{3})(.*?)['’]?$/u, '$1')
}

function readRow<T>(row: Row, { columns, read }: ImportKind<T>, today: Date): ReadRow<T> {
  if (!row.cells) return { problem: row.problem ?? 'is not CSV' }
  const cells = row.cells.map(cleanCell)
  if (cells.length !== columns.length) return { problem: `has ${cells.length} columns instead of ${columns.length}` }
  if (cells.some((cell) => hasShapeless(cell))) return { problem: 'has control or private characters' }
  return read(cells, today)
}
