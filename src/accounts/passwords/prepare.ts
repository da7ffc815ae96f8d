/**
 * The form of a password that is judged, hashed and compared, so that it is the same from every keyboard: compatibility
 * forms folded (NFKC, as SASLprep, RFC 4013), control characters out (RFC 8265 section 4.2 has none). Case and spaces stay.
 */
export function preparePassword(password: string): string {
  return password.normalize('NFKC').replaceAll(/\p{Cc}/gu, '')
}
