import { readDocumentNumbers } from './documents.ts'
import { parsePhone } from './phones.ts'
import { parseUsername } from './usernames.ts'

/** One thing that a text may mean; the value is normalised as accounts store it. */
export interface IdentifierReading {
  kind: 'phone' | 'username' | 'document'
  value: string
}

/**
 * Everything that a text in the sign-in field may mean, the likeliest first; at most 64 UTF-16 units are read, of a longer
 * text nothing. A mobile number is not also read as a foreign passport's: whoever opened an account with a made-up passport
 * would be found by somebody else's phone.
 */
export function readIdentifier(text: string): IdentifierReading[] {
  const phone = parsePhone(text)
  const username = parseUsername(text)
  const documents = readDocumentNumbers(text).filter(({ fitsMuchElse }) => !(phone.ok && fitsMuchElse))
  return [
    ...(phone.ok ? [{ kind: 'phone' as const, value: phone.phone }] : []),
    ...(username.ok ? [{ kind: 'username' as const, value: username.username }] : []),
    ...documents.map(({ number }) => ({ kind: 'document' as const, value: number })),
  ]
}
