/**
 * What has no shape of its own on a screen, and can move, hide or turn around what has: Unicode `\p{C}` (control, format and
 * direction characters, surrogates, private use, unassigned), and the separators of lines and paragraphs.
 */
const shapeless = /[\p{C}\p{Zl}\p{Zp}]/u
const everyShapeless = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Whether a text holds a character that has no shape. */
export const hasShapeless = (text: string): boolean => shapeless.test(text)

/** One line as it may be written to a terminal: what has no shape is written out, as `\u{9b}`; line breaks and tabs too. */
export function visible(text: string): string {
  if (!shapeless.test(text)) return text
  return text.replaceAll(everyShapeless, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`)
}

/** Several lines of our own making, such as a stack: they stay lines. */
export const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n')

/** JSON text without line breaks that says the same to a program (RFC 8259 section 7), and is safe on a terminal. */
export function visibleJson(json: string): string {
  if (!shapeless.test(json)) return json
  return json.replaceAll(everyShapeless, (one) =>
    one
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** For what cannot be refused, such as a header of a stranger's browser: U+FFFD takes the place of what has no shape. */
export const withoutShapeless = (text: string): string => text.replaceAll(everyShapeless, '\u{fffd}')

/** Whether any text within a parsed JSON or YAML document, names of fields included, holds a character without shape. */
export function holdsShapeless(value: unknown): boolean {
  if (typeof value === 'string') return shapeless.test(value)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, one]) => shapeless.test(name) || holdsShapeless(one))
}
