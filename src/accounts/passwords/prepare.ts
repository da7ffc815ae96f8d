/**
 * Normalises a password, so that all keyboards give the same one: NFKC (as SASLprep, RFC 4013), no control characters (as
 * RFC 8265 section 4.2). Case and spaces stay. Rules, hash and comparison use this form.
 */
export function preparePassword(password: string): string {
  return password.normalize('NFKC').replaceAll(/\p{Cc}/gu, '')
}
