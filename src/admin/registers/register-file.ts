import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { withoutInvisible } from '../../text/invisible.ts'
import { looksMisread } from './looks-misread.ts'

/** The file cannot be used, and nothing was imported. */
export class UnusableRegisterFile extends Error {}

export const encodings = ['utf-8', 'gb18030'] as const
export type Encoding = (typeof encodings)[number] | 'utf-16le' | 'utf-16be'

/** One line of the file. `cells` is undefined for a line that is no CSV. */
export interface Row {
  line: number
  cells?: string[]
  problem?: string
}

/** A file with a header, read as often as needed. Memory holds one piece of it. */
export interface RegisterFile {
  rows(): AsyncIterable<Row>
}

const maxLineLength = 2000
/** Lines of one record. */
const mostLines = 4
/** The decoder puts it in place of bytes that it cannot read. Programs write it in place of lost characters. */
const lost = '\u{fffd}'

/**
 * Opens a CSV file. Each byte of it must have the encoding; a single other byte refuses the file.
 * @throws UnusableRegisterFile
 */
export async function openRegisterFile(
  path: string,
  columns: readonly string[],
  given: (typeof encodings)[number] | undefined,
): Promise<RegisterFile> {
  // `stat` of a missing file would not name the call that failed
  await (await open(path)).close()
  if (!(await stat(path)).isFile()) throw new UnusableRegisterFile('is not a regular file: it is read more than once')
  const encoding = (await markedEncoding(path)) ?? given ?? 'utf-8'
  const { lostAt } = await survey(path, encoding)
  if (lostAt !== undefined) throw new UnusableRegisterFile(await faultOfEncoding(path, encoding, lostAt))
  if (encoding === 'gb18030') await refuseUtf8(path)
  return { rows: () => rowsOf(path, encoding, columns) }
}

/** The encoding by the byte order mark, or by the zero bytes of UTF-16 without a mark. */
async function markedEncoding(path: string): Promise<Encoding | undefined> {
  const handle = await open(path)
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(4) }).finally(() => handle.close())
  const start = buffer.subarray(0, bytesRead).toString('hex')
  if (/^504b0304|^d0cf11e0/.test(start)) {
    throw new UnusableRegisterFile('is a workbook, not CSV: save it as "CSV UTF-8"')
  }
  if (start.startsWith('efbbbf')) return 'utf-8'
  if (/^fffe|^[^0].00/.test(start)) return 'utf-16le'
  return /^feff|^00[^0]./.test(start) ? 'utf-16be' : undefined
}

interface Survey {
  /** The first line with bytes that are not of the encoding. */
  lostAt?: number
  /** Three bytes or more in UTF-8, as Chinese characters have. */
  wide: boolean
}

async function survey(path: string, encoding: Encoding): Promise<Survey> {
  let line = 1
  let wide = false
  for await (const text of textOf(path, encoding)) {
    const at = text.indexOf(lost)
    if (at >= 0) return { lostAt: line + countOfLines(text.slice(0, at)), wide }
    wide ||= /[\u{800}-\u{10ffff}]/u.test(text)
    line += countOfLines(text)
  }
  return { wide }
}

const countOfLines = (text: string) => text.split('\n').length - 1

async function faultOfEncoding(path: string, encoding: Encoding, line: number): Promise<string> {
  const name = encoding.toUpperCase()
  const chinese = encoding === 'utf-8' ? await survey(path, 'gb18030') : undefined
  if (chinese?.wide && chinese.lostAt === undefined) {
    return `is not UTF-8 (line ${line}), but may be GB18030 (GBK): save it as "CSV UTF-8", or give --encoding gb18030`
  }
  return `is not ${name}, or has lost characters (line ${line}): save it anew as "CSV UTF-8"`
}

/**
 * UTF-8 read as GB18030 gives other characters, mostly without a fault. A line of Chinese UTF-8 refuses the file: two files may
 * be in one. A file that is UTF-8 throughout is UTF-8, unless its bytes can only be meant as GB18030.
 * @throws UnusableRegisterFile
 */
async function refuseUtf8(path: string): Promise<void> {
  let line = 0
  let all = true
  let latin = 0
  for await (const text of linesOf(path, 'bytes')) {
    line += 1
    const bytes = Buffer.from(text, 'latin1')
    if (!isUtf8(bytes)) all = false
    else if (threeBytes.test(text)) throw new UnusableRegisterFile(`is UTF-8, not GB18030 (line ${line}): ${asUtf8}`)
    else if (bytes.toString().split(separators).some(isMeant)) latin ||= line
  }
  if (all && latin > 0) throw new UnusableRegisterFile(`is UTF-8, not GB18030 (line ${latin}): ${asUtf8}`)
}

const asUtf8 = 'leave --encoding out, or save it anew as "CSV UTF-8"'
const separators = /[,;\t"]/
/** A character of three bytes in UTF-8, or the end of one of four, in bytes that are UTF-8. Chinese characters have as many. */
const threeBytes = /[\xe0-\xf4][\x80-\xbf]{2}/
/** Whether a cell has letters of two bytes in UTF-8 that are meant so, as in José: GBK gives others for 姚伟. */
const isMeant = (cell: string) => /[^\p{ASCII}]/u.test(cell) && !looksMisread(cell.trim())

/** Decodes piece by piece. TextDecoder removes a byte order mark; `bytes` gives one character for each byte. */
function decoderOf(encoding: Encoding | 'bytes'): (chunk?: Buffer) => string {
  if (encoding === 'bytes') return (chunk) => chunk?.toString('latin1') ?? ''
  const decoder = new TextDecoder(encoding)
  return (chunk) => decoder.decode(chunk, { stream: chunk !== undefined })
}

/** The text of a file, with \n at the end of each line. Old Excel for Mac ends lines with \r. */
async function* textOf(path: string, encoding: Encoding | 'bytes'): AsyncGenerator<string> {
  const decode = decoderOf(encoding)
  let held = ''
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const text = held + decode(chunk)
    // the rest of a line end may be in the next piece
    held = /\r*$/.exec(text)?.[0] ?? ''
    yield plainEnds(text.slice(0, text.length - held.length))
  }
  yield plainEnds(held + decode())
}

const plainEnds = (text: string) => text.replaceAll(/\r+\n|\r/g, '\n')

/**
 * The rows under the header. A record is one line, or few lines where a quoted cell has line ends: an unclosed quotation
 * mark spoils one line only. csv-parse cannot stream the whole file: it would read on to the next quotation mark.
 */
async function* rowsOf(path: string, encoding: Encoding, columns: readonly string[]): AsyncGenerator<Row> {
  let separator: string | undefined
  for await (const { line, texts } of recordsOf(path, encoding)) {
    const [text = ''] = texts
    if (separator === undefined) {
      // Excel reads the separator from such a line
      if (line === 1 && /^"?sep=.?"?$/i.test(text)) continue
      separator = separatorOf(text, columns)
    } else yield* recordOf(line, texts, separator, columns)
  }
  if (separator === undefined) separatorOf('', columns)
}

/** A record of one or several lines; without a closing quotation mark, each line is a row. */
function* recordOf(line: number, texts: readonly string[], separator: string, columns: readonly string[]) {
  const isShort = texts.every((text) => text.length <= maxLineLength)
  const whole = texts.length > 1 && isShort ? readCells(texts.join(' '), separator, columns) : undefined
  if (whole?.length === columns.length) {
    yield { line, cells: whole }
    return
  }
  for (const [at, text] of texts.entries()) {
    const cells = text.length > maxLineLength ? undefined : readCells(text, separator, columns)
    if (text.length > maxLineLength) yield { line: line + at, problem: `is longer than ${maxLineLength} characters` }
    else if (!cells) yield { line: line + at, problem: 'is not CSV: check its quotation marks' }
    else if (!isEmpty(cells) && !isHeader(cells, columns)) yield { line: line + at, cells }
  }
}

/** The cells of a row. Spreadsheets write empty cells behind the last column. */
function readCells(text: string, separator: string, columns: readonly string[]): string[] | undefined {
  const cells = cellsOf(text, separator)
  return cells && isEmpty(cells.slice(columns.length)) ? cells.slice(0, columns.length) : cells
}

const isEmpty = (cells: readonly string[]) => cells.every((cell) => cell.trim() === '')

/** Two files in one have their header again. */
const isHeader = (cells: readonly string[], columns: readonly string[]) =>
  String(cells.map((cell) => withoutInvisible(cell).trim().toLowerCase())) === String(columns)

/** Spreadsheets write commas, tabs ("Unicode text") or semicolons. */
function separatorOf(head: string, columns: readonly string[]): string {
  const separator = [',', '\t', ';'].find((one) => isHeader(readCells(head, one, columns) ?? [], columns))
  if (!separator) throw new UnusableRegisterFile(`must begin with the line ${String(columns)}`)
  return separator
}

function cellsOf(text: string, separator: string): string[] | undefined {
  if (!text.includes('"')) return text.split(separator)
  // ="44…" is a formula of spreadsheets for a text
  const plain = text.replaceAll(/(^|[,;\t])=(?="[^"]*"(?:[,;\t]|$))/g, '$1')
  try {
    const [cells] = parse(plain, { relax_column_count: true, delimiter: separator, trim: true })
    return cells
  } catch {
    return undefined
  }
}

/** The lines that may be one record: a line with an open quotation mark, and the lines to the next mark. */
async function* recordsOf(path: string, encoding: Encoding): AsyncGenerator<{ line: number; texts: string[] }> {
  let line = 0
  let texts: string[] = []
  for await (const text of linesOf(path, encoding)) {
    line += 1
    texts.push(text)
    const closed = texts.length === 1 ? !hasOpenQuote(text) : hasOpenQuote(text)
    if (!closed && texts.length < mostLines) continue
    if (texts.length > 1 || text !== '') yield { line: line - texts.length + 1, texts }
    texts = []
  }
  if (texts.length > 0) yield { line: line - texts.length + 1, texts }
}

const hasOpenQuote = (text: string) => text.split('"').length % 2 === 0

async function* linesOf(path: string, encoding: Encoding | 'bytes'): AsyncGenerator<string> {
  let begun = ''
  for await (const text of textOf(path, encoding)) {
    const lines = (begun + text).split('\n')
    // a line without end is cut, and refused at its end
    begun = (lines.pop() ?? '').slice(0, maxLineLength + 1)
    yield* lines
  }
  if (begun !== '') yield begun
}
