import { readDocumentNumbers } from './documents.ts'
import { parsePhone } from './phones.ts'
import { parseUsername } from './usernames.ts'

/** One reading of a text; the value is normalised as accounts store it. */
export interface IdentifierReading {
  kind: 'phone' | 'username' | 'document'
  value: string
}

/**
 * All readings of a text in the sign-in field, the most likely first; none of a text over 64 UTF-16 units. A mobile number is not
 * read as a foreign passport: an account with an invented passport would be found by the phone of another person.
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
