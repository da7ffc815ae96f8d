import { toAscii } from './ascii.ts'
import { readDocumentNumbers } from './documents.ts'

export type ParsedUsername = { ok: true; username: string } | { ok: false; problem: 'username_malformed' }

/**
 * Reads a username: 4 to 32 ASCII letters, digits, dots, underscores or hyphens, a letter first; small letters are kept.
 * What is a document's number (H12345678) is refused, so that nobody can take another's identifier; a telephone number
 * never begins with a letter.
 */
export function parseUsername(text: string): ParsedUsername {
  const username = toAscii(text)?.toLowerCase() ?? ''
  const fits = /^[a-z][a-z\d._-]{3,31}$/.test(username)
  if (!fits || readDocumentNumbers(username).some(({ fitsMuchElse }) => !fitsMuchElse)) {
    return { ok: false, problem: 'username_malformed' }
  }
  return { ok: true, username }
}
