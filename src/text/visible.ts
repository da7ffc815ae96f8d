/**
 * Characters without a shape on a screen, which can move, hide or reverse other characters. These are Unicode `\p{C}`
 * (control, format, direction, surrogate, private use, unassigned) and line and paragraph separators.
 */
const shapeless = /[\p{C}\p{Zl}\p{Zp}]/u
const everyShapeless = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Whether a text contains a character without shape. */
export const hasShapeless = (text: string): boolean => shapeless.test(text)

/** One line that is safe on a terminal: characters without shape, line breaks and tabs become `\u{9b}` and the like. */
export function visible(text: string): string {
  if (!shapeless.test(text)) return text
  return text.replaceAll(everyShapeless, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`)
}

/** Like `visible`, for text whose line breaks are our own, such as a stack. */
export const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n')

/** Equivalent JSON text (RFC 8259 section 7) without line breaks, safe on a terminal. */
export function visibleJson(json: string): string {
  if (!shapeless.test(json)) return json
  return json.replaceAll(everyShapeless, (one) =>
    one
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** Replaces characters without shape by U+FFFD, in text that cannot be refused, such as request headers. */
export const withoutShapeless = (text: string): string => text.replaceAll(everyShapeless, '\u{fffd}')

/** Whether any text in a parsed JSON or YAML document, field names included, contains a character without shape. */
export function holdsShapeless(value: unknown): boolean {
  if (typeof value === 'string') return shapeless.test(value)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, one]) => shapeless.test(name) || holdsShapeless(one))
}
