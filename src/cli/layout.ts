import { styleText } from 'node:util'
import type { Check, OutlineLine, Table } from '../admin/outcome.ts'
import { inEnglish, type ConsoleWords } from '../text/console-words.ts'
import { withLocalTimes } from '../text/local-time.ts'
import { visible } from '../text/visible.ts'
import { wrapped } from './fit.ts'
import { widthOf } from './width.ts'

/**
 * A line before it is made safe for a terminal. A text is translated and wrapped. A heading is bold where the terminal
 * can show it. A line that is laid out already, or is copied, stays as it is.
 */
export type Line = string | { readonly bold: string } | { readonly asIs: string }

/** How the terminal shows lines. */
export interface Screen {
  words: ConsoleWords
  width: number
  /** Times stay in UTC. */
  utc: boolean
}

/** English, as it is: for programs that print lines of their own. */
const plainScreen: Screen = { words: inEnglish, width: Number.POSITIVE_INFINITY, utc: true }

/** A text of ours in the language and the time zone of the person. */
export const spoken = (text: string, { words, utc }: Screen): string =>
  utc ? words.say(text) : withLocalTimes(words.say(text))

const bold = (text: string) => styleText('bold', text, { stream: process.stdout })

/** The text for a terminal. Every line passes here, so that no control character of a stranger reaches a terminal. */
export function terminalText(lines: readonly Line[], screen: Screen = plainScreen): string {
  return lines
    .flatMap((line) => {
      if (typeof line === 'string') return wrapLine(visible(spoken(line, screen)), screen)
      return 'bold' in line ? [bold(visible(line.bold))] : [visible(line.asIs)]
    })
    .map((line) => `${line}\n`)
    .join('')
}

/** The lines after the first stand as far in as the first. */
const wrapLine = (line: string, { width }: Screen) =>
  wrapped(line, width, /^\s*(?:→ )?/.exec(line)?.[0].replaceAll(/\S/g, ' ') ?? '')

const pad = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)))
const gap = '  '

/** Rows as lines. A column is as wide as its widest cell after escaping; lines have no trailing spaces. */
function aligned(given: readonly (readonly string[])[]): string[] {
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

/** The first column is no wider than this. A longer name gets its own line, as does a text that would not fit. */
const mostNames = 40
const indentAlone = '    '

/** Names with their texts, which are wrapped inside the second column. */
export function described(given: readonly (readonly [string, string])[], width: number): string[] {
  const rows = given.map(([name, text]) => [visible(name), visible(text)] as const)
  const names = rows.map(([name]) => widthOf(name)).filter((one) => one <= Math.min(mostNames, width / 2))
  const first = Math.max(0, ...names)
  const beside = ' '.repeat(first + gap.length)
  const inside = (text: string, indent: string) =>
    wrapped(text, width - indent.length).map((line) => (indent + line).trimEnd())
  return rows.flatMap(([name, text]) => {
    const [line = '', ...others] = inside(text, beside)
    const fits = widthOf(name) <= first && [line, ...others].every((one) => widthOf(one) <= width)
    if (fits) return [(pad(name, first) + gap + line.trimStart()).trimEnd(), ...others]
    return [...(name === '' ? [] : [name]), ...inside(text, indentAlone)]
  })
}

const laidOut = (lines: readonly string[]): Line[] => lines.map((asIs) => ({ asIs }))

/** The columns whose cells are words of ours. The others are data. */
const ofOurs = new Set(['', 'STATUS', 'STATE', 'KIND', 'IN FORCE', 'PROBLEM', 'WHAT', 'MUST BE', 'WAS'])

function cellText(cell: string | number | null | undefined, column: string, screen: Screen): string {
  if (cell === null || cell === undefined) return '-'
  const text = String(cell)
  if (ofOurs.has(column.toUpperCase())) return nameOrText(text, screen)
  return screen.utc ? text : withLocalTimes(text)
}

function nameOrText(text: string, screen: Screen): string {
  const name = screen.words.name(text)
  return name === text ? spoken(text, screen) : name
}

/** A table as lines; where it is wider than the terminal, as cards: a record each, with a line for each column. */
export function tableLines({ columns, rows }: Table, screen: Screen = plainScreen): Line[] {
  const cells = rows.map((row) => row.map((cell, index) => cellText(cell, columns[index] ?? '', screen)))
  const names = columns.map((column) => screen.words.name(column))
  const [head = '', ...body] = aligned([names, ...cells])
  if ([head, ...body].every((line) => widthOf(line) <= screen.width)) return [{ bold: head }, ...laidOut(body)]
  const cards = cells.map((row) =>
    described(
      names.map((name, index) => [name, row[index] ?? '-']),
      screen.width,
    ),
  )
  return laidOut(cards.flatMap((card, index) => (index === 0 ? card : ['', ...card])))
}

/** The fields of a document whose values are words of ours. */
const statesOfRecords = new Set(['status', 'state', 'kind'])

/** A document as lines, one for each field. A list has one line for each entry; deeper values are JSON. */
export function recordLines(document: unknown, screen: Screen): Line[] {
  if (typeof document !== 'object' || document === null) return [String(document)]
  const rows = Object.entries(document).flatMap(([field, value]: [string, unknown]) => {
    const name = screen.words.name(field)
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0))
      return [[name, '-'] as const]
    const entries = Array.isArray(value) ? value : [value]
    return entries.map((entry, index) => [index === 0 ? name : '', entryText(entry, field, screen)] as const)
  })
  return laidOut(described(rows, screen.width))
}

const shortJson = 50

function entryText(entry: unknown, field: string, screen: Screen): string {
  if (typeof entry === 'boolean') return screen.words.name(String(entry))
  if (typeof entry !== 'object')
    return cellText(
      typeof entry === 'string' ? entry : JSON.stringify(entry),
      statesOfRecords.has(field) ? 'STATE' : field,
      screen,
    )
  const short = JSON.stringify(entry)
  // with spaces it can be wrapped
  return short.length <= shortJson ? short : JSON.stringify(entry, null, 1).replaceAll(/\n\s*/g, ' ')
}

const stateWidth = 4

/** The checks of `doctor`, each with what to do. */
export function checkLines(checks: readonly Check[], screen: Screen): Line[] {
  return checks.flatMap(({ state, what, finding, todo }) => {
    const indent = ' '.repeat(stateWidth + gap.length)
    const colon = screen.words.language === 'zh-CN' ? '：' : ': '
    const about = `${pad(screen.words.name(state), stateWidth)}${gap}${spoken(what, screen)}${colon}${spoken(finding, screen)}`
    const advice =
      todo === undefined ? [] : wrapped(`${indent}→ ${visible(spoken(todo, screen))}`, screen.width, `${indent}  `)
    return laidOut([...wrapped(visible(about), screen.width, indent), ...advice])
  })
}

/** An outline: headings, and lines that stand further in. A line of no part is empty. */
export function outlineLines(outline: readonly OutlineLine[], screen: Screen): Line[] {
  const between = screen.words.language === 'zh-CN' ? '；' : '; '
  return outline.flatMap(({ depth, parts, todo }): Line[] => {
    const text = parts.map((part) => visible(spoken(part, screen))).join(between)
    if (depth === 0 && text !== '') return [{ bold: text }]
    const indent = '  '.repeat(depth)
    return laidOut(wrapped(`${indent}${todo ? '→ ' : ''}${text}`, screen.width, todo ? `${indent}  ` : indent))
  })
}
