import type { AuditLog } from '../../audit/audit-log.ts'
import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { RowGuard } from '../../keys/row-guard.ts'
import type { Database } from '../../storage/database.ts'
import type { Publish } from '../../storage/events.ts'
import type { Actor, NaturalPerson, NaturalPersons } from '../natural-persons.ts'
import type { Notifier } from '../notices.ts'
import type { Act, MandateProblem } from './decide-act.ts'
import type { InvitationCodes } from './invitation-codes.ts'
import type { Invitee } from './invitee.ts'
import type { PrincipalView, Principals } from './principals.ts'
import type { Mandate, Role } from './mandate-rules.ts'
import type { MandateRow } from './store.ts'

export interface MandatesDeps {
  database: Database
  guard: RowGuard
  cipher: FieldCipher
  blindIndex: BlindIndex
  audit: AuditLog
  persons: NaturalPersons
  principals: Principals
  invitationCodes: InvitationCodes
  notifier: Notifier
  publish: Publish
  clock: Clock
}

/** `changed`: other transactions changed the mandates at each attempt; read again. */
export type ActProblem = MandateProblem | 'changed'

export interface RefusedAct {
  ok: false
  problem: ActProblem
}

export type Acted =
  | {
      ok: true
      mandate: Mandate
      code?: string
      /** The rows of an end as they were: of the mandate, then of those under it. */
      before?: MandateRow[]
    }
  | RefusedAct

export type Previewed = { ok: true; mandate: Mandate; principal: PrincipalView; text: string } | RefusedAct

export interface Offering {
  /** Chosen beforehand where the offer is signed: the text contains it. */
  id?: string
  role: Role
  matters: readonly string[]
  /** Milliseconds since 1970 UTC. */
  notBefore: number
  expiresAt: number
  invitee: Invitee
  /** The account of the invitee, where the giver's words name one: it gets a notice. */
  invitedId?: string | undefined
}

/** An act that is signed where the person has a passkey. */
export type SignedAct =
  | { type: 'offer'; principalId: string; offering: Offering & { id: string } }
  | { type: 'accept'; id: string }
  | { type: 'confirm'; id: string }
  | { type: 'regrant'; before: Mandate[]; ids: string[] }

/** An act of a person, in contrast to a change of the register. */
export type PersonAct = Exclude<Act, { type: 'representative-changed' }>

/**
 * A passkey's assertion over the canonical text, as JSON; undefined for a person without a passkey.
 * @throws Outdated when another text was signed: the mandates have changed since
 */
export type Sign = (text: string) => string | undefined

/** Audits a refused act. */
export async function refuseAct(
  { audit }: Pick<MandatesDeps, 'audit'>,
  act: { type: PersonAct['type'] },
  person: NaturalPerson,
  by: Actor,
  problem: ActProblem,
): Promise<RefusedAct> {
  const details = { act: act.type, problem }
  await audit.record({ event: 'mandate.refused', ...by, personId: person.id, details })
  return { ok: false, problem }
}

/** The principal for whom a person gives a mandate: an organisation, or the person. */
export const viewFor = ({ principals }: Pick<MandatesDeps, 'principals'>, principalId: string, person: NaturalPerson) =>
  principalId === person.id ? principals.viewOfPerson(person.id) : principals.view(principalId)

export const mandateRow = ({ database }: Pick<MandatesDeps, 'database'>, id: string) =>
  database.selectFrom('mandates').selectAll().where('id', '=', id).executeTakeFirst()

/** An invitation that this person may see and answer. */
export const invitationOf = async (
  { invitationCodes }: Pick<MandatesDeps, 'invitationCodes'>,
  person: NaturalPerson,
  mandateId: string,
) => (await invitationCodes.visible(person)).find(({ id }) => id === mandateId)
