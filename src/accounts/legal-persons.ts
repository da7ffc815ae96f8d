import type { DatabaseTransaction } from '../storage/database.ts'
import { findRow, fromRow, type LegalPerson, type LegalPersonsDeps } from './legal-persons/legal-person.ts'
import { openOrganisation, type OpenedOrganisation } from './legal-persons/open.ts'
import { leaveOrganisations } from './legal-persons/remove-representative.ts'
import { setOrganisationStatus } from './legal-persons/set-organisation-status.ts'
import { registerChanged, standingOf, type Standing } from './legal-persons/standing.ts'
import type { Actor, NaturalPerson } from './natural-persons.ts'

export type { LegalPerson } from './legal-persons/legal-person.ts'
export type { OpenedOrganisation } from './legal-persons/open.ts'
export type { BlockReason, Standing } from './legal-persons/standing.ts'

/** The accounts of legal persons. Each rule is a file of legal-persons/. */
export interface LegalPersons {
  find(id: string): Promise<LegalPerson | undefined>
  /** Organisations whose confirmed representative this person is. */
  represented(personId: string): Promise<LegalPerson[]>
  /** Ordered by id. `registeredIn`: first digits of the region in the code (GB 32100, positions 3 to 8). */
  list(page: { after?: string; limit: number; registeredIn?: string }): Promise<LegalPerson[]>
  /** Whether the register may have the code; true while it is unreachable. */
  mayBeRegistered(uscc: string): Promise<boolean>
  /** Opens or confirms an organisation, for the person the register names as its representative. */
  open(opening: { uscc: string; person: NaturalPerson }, by: Actor): Promise<OpenedOrganisation>
  /** Asks the register whether the organisation can be acted for; a change of representative takes effect here. */
  standing(id: string): Promise<Standing | undefined>
  /** As `standing`, for organisations that an import may have changed. */
  registerChanged(usccs: readonly string[]): Promise<void>
  /** Removes a person who closes their account as representative; mandates wait for the next one. */
  leave(personId: string): Promise<void>
  /**
   * As `leave`, within the transaction of another change.
   * @returns ids of the organisations, to publish after the commit (topic `principal`)
   */
  leaveWithin(transaction: DatabaseTransaction, personId: string): Promise<string[]>
  /** Undefined when there is none; changes nothing where the status is the same. */
  setStatus(id: string, status: LegalPerson['status'], by: Actor): Promise<LegalPerson | undefined>
}

export function createLegalPersons(deps: LegalPersonsDeps): LegalPersons {
  const { database, cipher, publish } = deps
  return {
    async find(id) {
      const row = await findRow(database, 'id', id)
      return row && fromRow(cipher, row)
    },
    async represented(personId) {
      const rows = await database
        .selectFrom('legal_persons')
        .selectAll()
        .where('owner_id', '=', personId)
        .orderBy('created_at')
        .execute()
      return rows.map((row) => fromRow(cipher, row))
    },
    async list({ after, limit, registeredIn }) {
      const rows = await database
        .selectFrom('legal_persons')
        .selectAll()
        .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
        .$if(registeredIn !== undefined, (query) => query.where('uscc', 'like', `__${registeredIn}%`))
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map((row) => fromRow(cipher, row))
    },
    mayBeRegistered: async (uscc) => (await deps.register.look(uscc)).outcome !== 'not_found',
    open: (opening, by) => openOrganisation(deps, opening, by),
    async standing(id) {
      const row = await findRow(database, 'id', id)
      return row && standingOf(deps, row)
    },
    registerChanged: (usccs) => registerChanged(deps, usccs),
    async leave(personId) {
      const left = await database
        .transaction()
        .execute((transaction) => leaveOrganisations(deps, transaction, personId))
      for (const id of left) publish('principal', id)
    },
    leaveWithin: (transaction, personId) => leaveOrganisations(deps, transaction, personId),
    setStatus: (id, status, by) => setOrganisationStatus(deps, id, status, by),
  }
}
