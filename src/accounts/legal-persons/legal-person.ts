import type { Selectable } from 'kysely'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { BusinessRegister } from '../../proofing/business-register.ts'
import type { Database } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import type { Tables } from '../../storage/schema.ts'
import { organisationKind, type OrganisationKind } from '../identifiers/gb32100.ts'
import type { RowGuard } from '../../keys/row-guard.ts'
import type { NaturalPersons } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'

export interface LegalPersonsDeps {
  database: Database
  guard: RowGuard
  cipher: FieldCipher
  blindIndex: BlindIndex
  audit: AuditLog
  register: BusinessRegister
  persons: NaturalPersons
  notifier: Notifier
  publish: Publish
  clock: Clock
}

/** The account of an organisation (法人). */
export interface LegalPerson {
  id: string
  uscc: string
  kind: OrganisationKind
  name: string
  status: 'active' | 'suspended'
  /** The natural person confirmed as its legal representative. */
  ownerId: string | null
  /** Milliseconds since 1970 UTC. */
  createdAt: number
}

export type LegalPersonRow = Selectable<Tables['legal_persons']>

/** What an organisation's name is sealed to (see FieldCipher). */
export const nameAad = (id: string) => `legal_persons.name:${id}`

export const fromRow = (cipher: FieldCipher, row: LegalPersonRow): LegalPerson => ({
  id: row.id,
  uscc: row.uscc,
  kind: organisationKind(row.uscc),
  name: cipher.open(row.name, nameAad(row.id)),
  status: row.status,
  ownerId: row.owner_id,
  createdAt: row.created_at,
})

export const findRow = (within: Database, column: 'id' | 'uscc', value: string): Promise<LegalPersonRow | undefined> =>
  within.selectFrom('legal_persons').selectAll().where(column, '=', value).executeTakeFirst()
