import type { LegalPerson } from '../../accounts/legal-persons.ts'
import { iso } from '../outcome.ts'

/** An organisation as a document. */
export const organisationDocument = ({ id, uscc, kind, name, status, ownerId, createdAt }: LegalPerson) => ({
  id,
  uscc,
  kind,
  name,
  status,
  representative: ownerId,
  created_at: iso(createdAt),
})
