import { widthOf } from './width.ts'

/** The width of a terminal of which nothing is known. */
const usualWidth = 80
const leastWidth = 40

/** The columns of the terminal: COLUMNS (POSIX.1-2024, 8.3), else what the terminal says. */
export function widthOfTerminal(environment: Record<string, string | undefined>, columns: number | undefined): number {
  const set = Number(environment['COLUMNS'])
  const width = Number.isInteger(set) && set > 0 ? set : (columns ?? usualWidth)
  return Math.max(leastWidth, width)
}

/** No line begins with these (GB/T 15834-2011, 5.1.3). */
const notFirst = /^[，。、；：？！）》”’…,.;:?!)]/

/** No line ends with these. */
const notLast = /[（《“‘]$/

/** Pieces between which a line may end: after a space, and between Chinese characters. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  for (const word of text.split(/(?<=\S)(?=\s)/)) {
    let piece = ''
    for (const character of word) {
      const chinese = widthOf(character) === 2
      const joins = piece.trim() === '' || notFirst.test(character) || notLast.test(piece)
      const ended = piece !== '' && (chinese || widthOf(piece.slice(-1)) === 2)
      if (ended && !joins) {
        pieces.push(piece)
        piece = ''
      }
      piece += character
    }
    if (piece !== '') pieces.push(piece)
  }
  return pieces
}

/**
 * A text as lines of at most this width. A word that is wider, such as an address or a key, stays whole: it is copied.
 * Lines after the first begin with `indent`.
 */
export function wrapped(text: string, width: number, indent = ''): string[] {
  if (widthOf(text) <= width) return [text]
  const lines: string[] = []
  let line = ''
  const room = width - widthOf(indent)
  // names between commas, as of the columns of a file
  const pieces = piecesOf(text).flatMap((one) => (widthOf(one) > room ? one.split(/(?<=,)/) : one))
  for (const piece of pieces) {
    if (line.trim() !== '' && widthOf(line) + widthOf(piece) > width) {
      lines.push(line.trimEnd())
      line = indent + piece.trimStart()
    } else line += piece
  }
  return line.trim() === '' ? lines : [...lines, line.trimEnd()]
}

/** A command as lines that a shell reads as one. */
export function wrappedCommand(command: string, width: number): string[] {
  const ending = ' \\'
  // a word in quotes stays whole
  const words = command.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) + ending.length > width) {
      lines.push(line + ending)
      line = `  ${word}`
    } else line = longer
  }
  return [...lines, line]
}
