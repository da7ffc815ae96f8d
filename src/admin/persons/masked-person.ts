import { maskDocumentNumber, maskName, maskPhone } from '../../accounts/identifiers/masking.ts'
import type { NaturalPerson, NaturalPersons } from '../../accounts/natural-persons.ts'
import { iso } from '../outcome.ts'

/** A person as a document, with masked personal data. */
export function maskedPerson(persons: NaturalPersons, person: NaturalPerson) {
  const { documentType, documentNumber, name, phone } = persons.reveal(person)
  return {
    id: person.id,
    status: person.status,
    level: person.identityLevel,
    name: maskName(name),
    document_type: documentType,
    document_number: maskDocumentNumber(documentNumber),
    phone: maskPhone(phone),
    proofed_at: person.proofedAt === null ? null : iso(person.proofedAt),
    created_at: iso(person.createdAt),
    held_until: person.heldUntil === null ? null : iso(person.heldUntil),
  }
}
