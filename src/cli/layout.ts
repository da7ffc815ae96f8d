import { styleText } from 'node:util'
import type { Table } from '../admin/command.ts'
import { visible } from '../text/visible.ts'

/** A line for a terminal, still as it came; a heading is in bold where the output can show that. */
export type Line = string | { readonly bold: string }

/** Lines as they are written to a terminal. Every line passes here, so nothing from outside reaches a terminal raw. */
export function terminalText(lines: readonly Line[]): string {
  const written = (line: Line) =>
    typeof line === 'string' ? visible(line) : styleText('bold', visible(line.bold), { stream: process.stdout })
  return lines.map((line) => `${written(line)}\n`).join('')
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Columns a text takes on a terminal: Chinese characters take two (Unicode UAX 11), combining marks none. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += wide.test(character) ? 2 : /\p{Mn}/u.test(character) ? 0 : 1
  return width
}

const pad = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)))
const gap = '  '

/** Lines with every column as wide as its widest cell, as that will be written; nothing stands behind the last. */
export function aligned(given: readonly (readonly string[])[]): string[] {
  const rows = given.map((row) => row.map(visible))
  const widths: number[] = []
  for (const row of rows) {
    // nothing stands behind a row's only cell, so it may be as long as it is
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

/** A document field by field: lists one entry a line, what is deeper as JSON. */
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
