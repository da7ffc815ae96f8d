/** The longest text of an identifier field, in UTF-16 units. */
const longestInput = 64

/**
 * Converts full-width and other compatibility forms to ASCII (NFKC, UAX #15). Undefined where other characters remain: look-alikes
 * of other scripts, direction marks, line ends. A later change of case could turn them into ASCII. Undefined for too long texts.
 */
export function toAscii(text: string): string | undefined {
  if (text.length > longestInput) return undefined
  // printable ASCII without spaces is in this form already
  if (/^[!-~]*$/.test(text)) return text
  const folded = text.normalize('NFKC').replaceAll(/[‐‑‒–—−]/g, '-')
  // trimmed last: trim() would also remove line ends and marks that must be refused
  return /^[ -~]*$/.test(folded) ? folded.trim() : undefined
}
