import type { Clock } from '../../config/clock.ts'
import type { FieldCipher } from '../../keys/field-cipher.ts'
import type { RowGuard } from '../../keys/row-guard.ts'
import type { Database } from '../../storage/database.ts'
import type { LegalPersons } from '../legal-persons.ts'
import type { NaturalPerson } from '../natural-persons.ts'
import type { InvitationCodes } from './invitation-codes.ts'
import { inviteeAad } from './invitee.ts'
import type { Principals, PrincipalView } from './principals.ts'
import { granted, type Granted, type Mandate } from './mandate-rules.ts'
import * as store from './store.ts'

/** A principal that a person represents, and what they may do for it now. */
export interface Representation {
  view: PrincipalView
  /** Undefined while no mandate is in force: blocked, suspended, not begun. */
  granted: Granted | undefined
}

export interface Offer {
  mandate: Mandate
  principalName: string
  uscc: string | undefined
  endsAt: number
}

export interface HistoryEntry {
  at: number
  event: string
  actor: string
  personId: string | null
  /** Holder and role of the mandate. */
  holderId: string | null
  role: Mandate['role'] | null
  signed: boolean
}

/** The principals that people may act for at this moment, by mandates and register. */
export interface Representations {
  /** All principals of this person, blocked ones too. */
  of(personId: string): Promise<Representation[]>
  /** Undefined where the person does not represent it, or it does not exist. */
  find(personId: string, principalId: string): Promise<Representation | undefined>
  /** Mandates that this person gave to helpers and that have not ended. */
  givenBy(personId: string): Promise<Mandate[]>
  /** Offers that this person may see: an offer by phone number only after its six digits were typed. */
  offersTo(person: NaturalPerson): Promise<Offer[]>
  /** The name of the invitee of an open offer. */
  inviteeName(row: store.MandateRow): string
  /** Newest first. */
  history(principalId: string, limit: number): Promise<HistoryEntry[]>
}

export interface RepresentationsDeps {
  database: Database
  guard: RowGuard
  cipher: FieldCipher
  legalPersons: LegalPersons
  principals: Principals
  invitationCodes: InvitationCodes
  clock: Clock
}

export function createRepresentations(deps: RepresentationsDeps): Representations {
  const { database, guard, cipher, legalPersons, principals, invitationCodes, clock } = deps

  const find: Representations['find'] = async (personId, principalId) => {
    const view = await principals.view(principalId)
    const owner = view?.affairs.principal.ownerId === personId && view.kind === 'legal_person'
    const holds = view?.rows.some((row) => row.person_id === personId && row.expires_at > clock())
    return view && (owner || holds) ? { view, granted: granted(view.affairs, personId, clock()) } : undefined
  }

  return {
    find,
    async of(personId) {
      const owned = (await legalPersons.represented(personId)).map(({ id }) => id)
      const held = await database
        .selectFrom('mandates')
        .select('principal_id')
        .distinct()
        .where('person_id', '=', personId)
        .where('state', 'in', ['active', 'suspended'])
        .where('expires_at', '>', clock())
        .execute()
      const ids = new Set([...owned, ...held.map((row) => row.principal_id)])
      const found = await Promise.all([...ids].map((id) => find(personId, id)))
      return found.filter((one) => one !== undefined)
    },
    async givenBy(personId) {
      return (await store.readMandates(guard, database, personId)).map(store.fromRow)
    },
    async offersTo(person) {
      const rows = await invitationCodes.visible(person)
      const offers = await Promise.all(
        rows.map(async (row): Promise<Offer | undefined> => {
          const view = await principals.view(row.principal_id)
          return (
            view && {
              mandate: store.fromRow(row),
              principalName: view.name,
              uscc: view.uscc,
              endsAt: row.offer_ends_at,
            }
          )
        }),
      )
      return offers.filter((offer) => offer !== undefined)
    },
    inviteeName: ({ id, invitee_name: name }) => (name === null ? '' : cipher.open(name, inviteeAad(id))),
    async history(principalId, limit) {
      const rows = await database
        .selectFrom('mandate_history as history')
        .leftJoin('mandates', 'mandates.id', 'history.mandate_id')
        .select(['history.at', 'history.event', 'history.actor', 'history.person_id', 'history.signature'])
        .select(['mandates.person_id as holder_id', 'mandates.role'])
        .where('history.principal_id', '=', principalId)
        .orderBy('history.id', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        at: row.at,
        event: row.event,
        actor: row.actor,
        personId: row.person_id,
        holderId: row.holder_id,
        role: row.role,
        signed: row.signature !== null,
      }))
    },
  }
}
