/** Nothing a person types into an identifier's field is longer, in UTF-16 units. */
const longestInput = 64

/**
 * Full-width and other compatibility forms become the ASCII characters they stand for (NFKC, UAX #15). What is then still
 * not printable ASCII (look-alikes of other scripts, direction marks, line ends) cannot be an identifier: undefined, before
 * any change of case could turn it into ASCII. So is what is too long, without looking at it.
 */
export function toAscii(text: string): string | undefined {
  if (text.length > longestInput) return undefined
  // there is nothing to fold in what is printable and has no space
  if (/^[!-~]*$/.test(text)) return text
  const folded = text.normalize('NFKC').replaceAll(/[‐‑‒–—−]/g, '-')
  // trimmed last: trim() would also take away line ends and marks that are to be refused
  return /^[ -~]*$/.test(folded) ? folded.trim() : undefined
}
