import type { RowGuard } from '../../keys/row-guard.ts'
import type { Database } from '../../storage/database.ts'
import { isInGoodStanding, notInGoodStanding } from '../account-standing.ts'
import type { Clock } from '../../config/clock.ts'
import type { BlockReason, LegalPersons } from '../legal-persons.ts'
import type { NaturalPersons } from '../natural-persons.ts'
import type { PrincipalKind } from './matters.ts'
import type { Affairs, Principal } from './mandate-rules.ts'
import * as store from './store.ts'

/** A principal with its mandates and the current answer of the register. */
export interface PrincipalView {
  id: string
  kind: PrincipalKind
  name: string
  /** Organisations only. */
  uscc: string | undefined
  /** Why no person can act for it now. */
  blockedBy: BlockReason | undefined
  affairs: Affairs
  rows: store.MandateRow[]
  /** Read first. A change based on this view gives it to `advanceVersion`. */
  version: number
}

export interface Principals {
  /** Undefined where there is no principal with this id. */
  view(id: string): Promise<PrincipalView | undefined>
  /** As `view`, for a natural person who gives their first mandate. */
  viewOfPerson(personId: string): Promise<PrincipalView | undefined>
}

export interface PrincipalsDeps {
  database: Database
  guard: RowGuard
  persons: NaturalPersons
  legalPersons: LegalPersons
  clock: Clock
}

export function createPrincipals(deps: PrincipalsDeps): Principals {
  const { database, guard, persons, legalPersons, clock } = deps

  async function affairsOf(principal: Principal, rows: store.MandateRow[]): Promise<Affairs> {
    const holders = rows.map((row) => row.person_id)
    return {
      principal,
      mandates: rows.map(store.fromRow),
      notInGoodStanding: await notInGoodStanding(database, holders, clock()),
    }
  }

  async function viewOf(id: string, kind: PrincipalKind, version: number): Promise<PrincipalView | undefined> {
    const rowsNow = () => store.readMandates(guard, database, id)
    if (kind === 'legal_person') {
      const standing = await legalPersons.standing(id)
      if (!standing) return undefined
      const { legalPerson, principal, blockedBy } = standing
      const rows = await rowsNow()
      const affairs = await affairsOf(principal, rows)
      return { id, kind, name: legalPerson.name, uscc: legalPerson.uscc, blockedBy, affairs, rows, version }
    }
    const person = await persons.find(id)
    if (!person) return undefined
    const rows = await rowsNow()
    const standing = isInGoodStanding(person.row, clock())
    const affairs = await affairsOf({ id, kind, ownerId: id, standing }, rows)
    const blockedBy = standing ? undefined : 'suspended'
    const name = person.status === 'closed' ? '' : persons.open(person, 'name')
    return { id, kind, name, uscc: undefined, blockedBy, affairs, rows, version }
  }

  return {
    async view(id) {
      const row = await database.selectFrom('principals').selectAll().where('id', '=', id).executeTakeFirst()
      return row && viewOf(id, row.kind, row.version)
    },
    async viewOfPerson(personId) {
      const person = await persons.find(personId)
      return person && viewOf(personId, 'natural_person', await store.versionOf(database, personId, 'natural_person'))
    },
  }
}
