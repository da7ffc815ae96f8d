import { createVerify, type KeyObject } from 'node:crypto'

/**
 * The value of one name at the top of a JSON document, as the exact text that was received; undefined where the name is
 * missing, comes twice, or the text is no object. A signature covers these bytes, so nothing may write them again.
 */
export function receivedValue(text: string, name: string): string | undefined {
  const found: string[] = []
  let at = skipSpace(text, 0)
  if (text[at] !== '{') return undefined
  at = skipSpace(text, at + 1)
  while (text[at] === '"') {
    const nameEnd = endOfString(text, at)
    const colon = skipSpace(text, nameEnd)
    if (text[colon] !== ':') return undefined
    const start = skipSpace(text, colon + 1)
    const end = endOfValue(text, start)
    if (text.slice(at, nameEnd) === JSON.stringify(name)) found.push(text.slice(start, end).trimEnd())
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return text[at] === '}' && found.length === 1 ? found[0] : undefined
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (' \t\r\n'.includes(text[at] ?? '.')) at += 1
  return at
}

/** Index after the closing quotation mark of the string that begins at `from`; the end of the text without one. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

/** Index after the value that begins at `from`; JSON.parse decides later whether it is one. */
function endOfValue(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? ''
    if (depth === 0 && ',}'.includes(character)) return at
    if (character === '"') at = endOfString(text, at) - 1
    else if ('{['.includes(character)) depth += 1
    else if ('}]'.includes(character)) depth -= 1
  }
  return text.length
}

/** RSA2: SHA256withRSA over the received bytes, base64. */
export function isSigned(value: string, signature: string, publicKey: KeyObject): boolean {
  return createVerify('RSA-SHA256').update(value).verify(publicKey, signature, 'base64')
}
