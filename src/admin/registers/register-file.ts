import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'

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

/** UTF-8 read as GB18030 gives other Chinese characters, mostly without a fault. */
async function refuseUtf8(path: string): Promise<void> {
  const { lostAt, wide } = await survey(path, 'utf-8')
  if (lostAt === undefined && wide) throw new UnusableRegisterFile('is UTF-8, not GB18030: leave --encoding out')
}

async function* textOf(path: string, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding) // removes a byte order mark
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    yield decoder.decode(chunk, { stream: true })
  }
  yield decoder.decode()
}

/**
 * The rows under the header. A record is one line, so that an unclosed quotation mark spoils one line only.
 * csv-parse cannot stream the whole file: it would read on to the next quotation mark.
 */
async function* rowsOf(path: string, encoding: Encoding, columns: readonly string[]): AsyncGenerator<Row> {
  let line = 0
  let separator = ','
  for await (const text of linesOf(path, encoding)) {
    line += 1
    if (line === 1) separator = separatorOf(text, columns)
    else if (text.length > maxLineLength) yield { line, problem: `is longer than ${maxLineLength} characters` }
    else if (text !== '') {
      const cells = cellsOf(text, separator)
      yield cells ? { line, cells } : { line, problem: 'is not CSV: check its quotation marks' }
    }
  }
  if (line === 0) separatorOf('', columns)
}

/** Spreadsheets write commas, tabs ("Unicode text") or semicolons. */
function separatorOf(head: string, columns: readonly string[]): string {
  const fits = (separator: string) => String(cellsOf(head, separator)?.map((cell) => cell.trim())) === String(columns)
  const separator = [',', '\t', ';'].find(fits)
  if (!separator) throw new UnusableRegisterFile(`must begin with the line ${String(columns)}`)
  return separator
}

function cellsOf(text: string, separator: string): string[] | undefined {
  if (!text.includes('"')) return text.split(separator)
  // ="44…" is a formula of spreadsheets for a text
  const plain = text.replaceAll(/(^|[,;\t])=(?="[^"]*"(?:[,;\t]|$))/g, '$1')
  try {
    const [cells] = parse(plain, { relax_column_count: true, delimiter: separator })
    return cells
  } catch {
    return undefined
  }
}

async function* linesOf(path: string, encoding: Encoding): AsyncGenerator<string> {
  let begun = ''
  for await (const text of textOf(path, encoding)) {
    const lines = (begun + text).split('\n')
    // a line without end is cut, and refused at its end
    begun = (lines.pop() ?? '').slice(0, maxLineLength + 1)
    for (const line of lines) yield line.replace(/\r$/, '')
  }
  if (begun !== '') yield begun
}
