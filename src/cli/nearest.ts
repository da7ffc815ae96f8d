/** The known word a mistyped one was probably meant to be, or undefined when none is near. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const begun = known.filter((word) => typed.length >= 3 && word.startsWith(typed))
  if (begun.length === 1) return begun[0]
  const byDistance = known.map((word) => ({ word, away: distance(typed, word) })).sort((a, b) => a.away - b.away)
  const [first] = byDistance
  return first && first.away <= Math.max(2, Math.floor(first.word.length / 3)) ? first.word : undefined
}

/** Edits (insert, delete, replace) from one word to the other: Levenshtein, one row at a time. */
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
