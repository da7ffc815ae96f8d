import type { Selectable } from 'kysely'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { AuditEvent } from '../../audit/audit-events.ts'
import type { Clock } from '../../config/clock.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { LookupIndex } from '../../keys/lookup-index.ts'
import type { PopulationRegister } from '../../proofing/population-register.ts'
import type { Database } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import type { Tables } from '../../storage/schema.ts'
import type { Authenticators } from '../authenticators.ts'
import { matchKey } from '../identifiers/names.ts'
import type { Notifier } from '../notices.ts'
import type { PhoneProofs } from '../phone-proofs.ts'
import { readEndings, type EndSignIns, type SignInEndings } from '../sign-in-endings.ts'

export interface NaturalPersonsDeps {
  database: Database
  cipher: FieldCipher
  lookup: LookupIndex
  audit: AuditLog
  register: PopulationRegister
  authenticators: Pick<Authenticators, 'add'>
  phoneProofs: Pick<PhoneProofs, 'record' | 'holders' | 'giveUp'>
  endSignIns: EndSignIns
  notifier: Notifier
  publish: Publish
  clock: Clock
}

/** An account. Nothing but `row` has personal data, and that is sealed. */
export interface NaturalPerson {
  id: string
  status: 'active' | 'locked' | 'closed'
  /** 2 self-asserted, 3 matched with the population register, 4 with a verified face. */
  identityLevel: number
  /** Milliseconds since 1970 UTC. */
  proofedAt: number | null
  /** Time of the last verified face. */
  faceProofedAt: number | null
  createdAt: number
  /** No authenticator may be changed before then, after a recovery without a counter. */
  heldUntil: number | null
  /** Sign-ins of this person that were ended. */
  endings: SignInEndings
  /** Time at which the account is closed. */
  closesAt: number | null
  row: Selectable<Tables['natural_persons']>
}

/** The person or process that acts, as the audit log records it. */
export type Actor = Pick<AuditEvent, 'actor' | 'restricted'>

/** Recovered a short time ago: perhaps by another person than the owner. */
export const isHeld = ({ heldUntil }: NaturalPerson, now: number): boolean => heldUntil !== null && heldUntil > now

export function fromRow(row: Selectable<Tables['natural_persons']>): NaturalPerson {
  const { id, status, identity_level: identityLevel, proofed_at: proofedAt, created_at: createdAt } = row
  const { held_until: heldUntil, closes_at: closesAt, face_proofed_at: faceProofedAt } = row
  const endings = readEndings(row)
  return { id, status, identityLevel, proofedAt, faceProofedAt, createdAt, heldUntil, endings, closesAt, row }
}

export async function findPerson(within: Database, id: string): Promise<NaturalPerson | undefined> {
  const row = await within.selectFrom('natural_persons').selectAll().where('id', '=', id).executeTakeFirst()
  return row && fromRow(row)
}

/** Asks the population register. An unreachable register counts as no match: the account is proofed later. */
export const matchesRegister = async (
  { register }: Pick<NaturalPersonsDeps, 'register'>,
  { documentType, documentNumber, name }: { documentType: string; documentNumber: string; name: string },
): Promise<boolean> => (await register.match({ documentType, documentNumber, nameKey: matchKey(name) })) === 'match'
