import { matchKey } from '../../../accounts/identifiers/names.ts'
import type { NaturalPerson } from '../../../accounts/natural-persons.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import type { CertificateSubject } from './subject.ts'

/**
 * Whether a certificate may sign in as this person. One of a person: document and name are those of the account, proven there. One of a
 * legal person: this person acts for it now, by the register or by a mandate. Else the next holder of a stick would be the last one.
 */
export async function fits(
  { persons, representations }: Pick<CertificateDeps, 'persons' | 'representations'>,
  person: NaturalPerson,
  subject: CertificateSubject,
): Promise<boolean> {
  if (subject.kind === 'legal') {
    const all = await representations.of(person.id)
    return all.some(({ view, granted }) => view.uscc === subject.number && granted !== undefined)
  }
  return (
    person.identityLevel >= 3 &&
    person.row.document_type === subject.documentType &&
    persons.open(person, 'document_number') === subject.number &&
    matchKey(persons.open(person, 'name')) === matchKey(subject.name)
  )
}
