/** The known word that is probably meant by a mistyped one; undefined when none is near. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const begun = known.filter((word) => typed.length >= 3 && word.startsWith(typed))
  if (begun.length === 1) return begun[0]
  const byDistance = known.map((word) => ({ word, edits: distance(typed, word) })).sort((a, b) => a.edits - b.edits)
  const [first] = byDistance
  return first && first.edits <= Math.max(2, Math.floor(first.word.length / 3)) ? first.word : undefined
}

/** The Levenshtein distance of two words, computed row by row. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1]
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
