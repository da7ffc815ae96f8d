import { styleText } from 'node:util'
import type { Table } from '../admin/outcome.ts'
import { visible } from '../text/visible.ts'

/** A line before it is made safe for a terminal. A heading is bold where the terminal can show it. */
export type Line = string | { readonly bold: string }

/** The text for a terminal. Every line passes here, so that no control character of a stranger reaches a terminal. */
export function terminalText(lines: readonly Line[]): string {
  const written = (line: Line) =>
    typeof line === 'string' ? visible(line) : styleText('bold', visible(line.bold), { stream: process.stdout })
  return lines.map((line) => `${written(line)}\n`).join('')
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/**
 * The width of a text in terminal columns: Chinese characters take two (Unicode UAX 11), combining marks none.
 * @internal
 */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += wide.test(character) ? 2 : /\p{Mn}/u.test(character) ? 0 : 1
  return width
}

const pad = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)))
const gap = '  '

/** Rows as lines. A column is as wide as its widest cell after escaping; lines have no trailing spaces. */
export function aligned(given: readonly (readonly string[])[]): string[] {
  const rows = given.map((row) => row.map(visible))
  const widths: number[] = []
  for (const row of rows) {
    // a row with one cell has no next column, so its width does not count
    if (row.length > 1) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))))
  }
  return rows.map((row) =>
    row
      .map((cell, index) => pad(cell, widths[index] ?? 0))
      .join(gap)
      .trimEnd(),
  )
}

/** A table as lines. */
export function tableLines({ columns, rows }: Table): Line[] {
  const cells = rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '-' : String(cell))))
  const [head = '', ...body] = aligned([columns, ...cells])
  return [{ bold: head }, ...body]
}

/** A document as lines, one for each field. A list has one line for each entry; deeper values are JSON. */
export function recordLines(document: unknown): string[] {
  if (typeof document !== 'object' || document === null) return [String(document)]
  const rows = Object.entries(document).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return [[name, '-']]
    const entries = Array.isArray(value) ? value : [value]
    return entries.map((entry, index) => [
      index === 0 ? name : '',
      typeof entry === 'object' ? JSON.stringify(entry) : String(entry),
    ])
  })
  return aligned(rows)
}
