/** The note at the head of a generated page. */
export const made = (from: string) => `<!-- Made from ${from} by npm run docs: change the source, not this page. -->`
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
export const code = (text: string) => (text === '' ? '' : `\`${text}\``)
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
export const table = (head: readonly string[], rows: readonly (readonly string[])[]) => [
  row(head),
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map(row),
]
export const page = (lines: readonly string[]) => `${lines.join('\n')}\n`
