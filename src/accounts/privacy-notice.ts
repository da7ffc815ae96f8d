import type { IdentityDocument } from './identifiers/documents.ts'

/** The privacy notice that people agree to; change it together with the texts of views/register/privacy.eta: month, and a count in it. */
export const noticeVersion = '2026-12.2'

const yearsOfConsent = 14

/** Under fourteen: a guardian agrees (PIPL article 31). A document without a date of birth tells nothing. */
export function isChild({ birthDate }: Pick<IdentityDocument, 'birthDate'>, now: number): boolean {
  if (birthDate === undefined) return false
  const of14 = new Date(`${birthDate}T00:00:00+08:00`)
  of14.setUTCFullYear(of14.getUTCFullYear() + yearsOfConsent)
  return of14.getTime() > now
}
