import { withoutInvisible } from '../../text/invisible.ts'

/** The longest text of an identifier field, in UTF-16 units. */
const longestInput = 64
/** Invisible marks may make a text longer: one around each character. */
const marksEach = 3
/** The longest text that is looked at, in UTF-16 units. */
export const longestTyped = longestInput * marksEach

/** Replaces the hyphens, dashes and minus signs of keyboards and word processors (Unicode Pd, U+2212, U+2500) by `-`. */
export const asciiHyphens = (text: string): string => text.replaceAll(/[‐‑‒–—―−⁃─➖]/gu, '-')

/**
 * Takes out invisible marks. Converts full-width and other compatibility forms to ASCII (NFKC, UAX #15). Undefined where other characters remain: look-alikes
 * of other scripts, direction marks, line ends. A later change of case could turn them into ASCII. Undefined for too long texts.
 */
export function toAscii(given: string): string | undefined {
  if (given.length > longestTyped) return undefined
  // a cell that was copied from a table ends with a tab or a line end
  const text = withoutInvisible(given).replaceAll(/^[\t\r\n]+|[\t\r\n]+$/g, '')
  if (text.length > longestInput) return undefined
  // printable ASCII without spaces is in this form already
  if (/^[!-~]*$/.test(text)) return text
  const folded = asciiHyphens(text.normalize('NFKC'))
  // trimmed last: trim() would also remove line ends and marks that must be refused
  return /^[ -~]*$/.test(folded) ? folded.trim() : undefined
}

/** A spreadsheet marks a cell as text by an apostrophe in front. Word processors bend it. */
const textMark = /^\s*['‘’＇]/u

/** `toAscii` for numbers and codes. No number begins with an apostrophe, so the mark of a spreadsheet is left out. */
export const numberToAscii = (given: string): string | undefined =>
  given.length > longestTyped ? undefined : toAscii(given.replace(textMark, ''))
