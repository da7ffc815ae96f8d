import { toAscii } from './ascii.ts'
import { readDocumentNumbers } from './documents.ts'

export type ParsedUsername = { ok: true; username: string } | { ok: false; problem: 'username_malformed' }

/**
 * Reads a username: 4 to 32 ASCII letters, digits, dots, underscores or hyphens, a letter first; converted to lower case.
 * Refuses document numbers (H12345678): a person must not take the identifier of another person.
 */
export function parseUsername(text: string): ParsedUsername {
  const username = toAscii(text)?.toLowerCase() ?? ''
  const fits = /^[a-z][a-z\d._-]{3,31}$/.test(username)
  if (!fits || readDocumentNumbers(username).some(({ fitsMuchElse }) => !fitsMuchElse)) {
    return { ok: false, problem: 'username_malformed' }
  }
  return { ok: true, username }
}
