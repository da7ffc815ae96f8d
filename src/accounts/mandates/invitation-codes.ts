import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { Database } from '../../storage/database.ts'
import type { NaturalPerson, NaturalPersons } from '../natural-persons.ts'
import { codeKeyOf, inviteeKeysOf } from './invitee.ts'
import type { MandateRow } from './store.ts'

/** Wrong codes of one person for one invitation. */
const mostTries = 5

/**
 * Invitations as the invited person sees them. One that names only a phone number is invisible until its six digits were typed:
 * a namesake may claim the same phone. Wrong digits count against the account that types them, so nobody uses up another's.
 */
export interface InvitationCodes {
  /** Open invitations that this person may see, and answer. */
  visible(person: NaturalPerson): Promise<MandateRow[]>
  /** Whether these digits open an invitation for this person, from now on; `tried`: how many they were compared with. */
  open(person: NaturalPerson, code: string): Promise<{ opened: boolean; tried: number }>
}

export function createInvitationCodes(options: {
  database: Database
  blindIndex: BlindIndex
  persons: NaturalPersons
  clock: Clock
}): InvitationCodes {
  const { database, blindIndex, persons, clock } = options

  /** Open invitations that name this person, seen or not. */
  async function addressed(person: NaturalPerson): Promise<MandateRow[]> {
    const keys = inviteeKeysOf(blindIndex, persons, person)
    if (keys.length === 0) return []
    return database
      .selectFrom('mandates')
      .selectAll()
      .where('state', '=', 'offered')
      .where('invitee_key', 'in', keys)
      .where('offer_ends_at', '>', clock())
      .where('expires_at', '>', clock())
      .execute()
  }

  const openedBy = async (personId: string) =>
    new Set(
      (
        await database
          .selectFrom('mandate_code_tries')
          .select('mandate_id')
          .where('person_id', '=', personId)
          .where('opened_at', 'is not', null)
          .execute()
      ).map((row) => row.mandate_id),
    )

  const rowsOf = (personId: string, mandateId: string) =>
    database.updateTable('mandate_code_tries').where('person_id', '=', personId).where('mandate_id', '=', mandateId)

  /** A try is counted before the code is looked at; false when this person has none left for it. */
  async function reserve(personId: string, mandateId: string): Promise<boolean> {
    const fresh = { mandate_id: mandateId, person_id: personId, tries: 0, opened_at: null }
    await database
      .insertInto('mandate_code_tries')
      .values(fresh)
      .onConflict((conflict) => conflict.columns(['mandate_id', 'person_id']).doNothing())
      .execute()
    const { numUpdatedRows } = await rowsOf(personId, mandateId)
      .set((set) => ({ tries: set('tries', '+', 1) }))
      .where('tries', '<', mostTries)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  const giveBack = (personId: string, mandateId: string) =>
    rowsOf(personId, mandateId)
      .set((set) => ({ tries: set('tries', '-', 1) }))
      .execute()

  const visible = async (person: NaturalPerson) => {
    const [rows, opened] = await Promise.all([addressed(person), openedBy(person.id)])
    return rows.filter(({ id, code_key: key }) => key === null || opened.has(id))
  }

  return {
    visible,
    async open(person, code) {
      const opened = await openedBy(person.id)
      const hidden = (await addressed(person)).filter(({ id, code_key: key }) => key !== null && !opened.has(id))
      const tried: MandateRow[] = []
      for (const row of hidden) if (await reserve(person.id, row.id)) tried.push(row)
      const right = tried.find(({ id, code_key: key }) => codeKeyOf(blindIndex, id, code) === key)
      if (!right) return { opened: false, tried: tried.length }
      // the digits were right, only not for the others
      for (const { id } of tried) await giveBack(person.id, id)
      await rowsOf(person.id, right.id).set({ opened_at: clock() }).execute()
      return { opened: true, tried: tried.length }
    },
  }
}
