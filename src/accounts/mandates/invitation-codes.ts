import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import type { RowGuard } from '../../keys/row-guard.ts'
import type { Database, DatabaseTransaction } from '../../storage/database.ts'
import { isAmong } from '../constant-time.ts'
import type { NaturalPerson, NaturalPersons } from '../natural-persons.ts'
import type { Tables } from '../../storage/schema.ts'
import { codeKeyOf, inviteeKeysOf } from './invitee.ts'
import type { MandateRow } from './store.ts'

type Noted = Pick<Tables['mandate_code_tries'], 'tries' | 'opened_at'>

/** Limit of wrong codes of one person for one invitation. */
const mostTries = 5

/**
 * Invitations as the invited person sees them. An invitation by phone number is invisible until its six digits are typed:
 * another person of the same name may claim this phone. Wrong digits count for the account that types them, not for others.
 */
export interface InvitationCodes {
  /** Open invitations that this person may see and answer. */
  visible(person: NaturalPerson): Promise<MandateRow[]>
  /** Whether these digits open an invitation for this person. `tried`: how many invitations they were compared with. */
  open(person: NaturalPerson, code: string): Promise<{ opened: boolean; tried: number }>
}

export interface InvitationCodesDeps {
  database: Database
  guard: RowGuard
  blindIndex: BlindIndex
  persons: NaturalPersons
  clock: Clock
}

export function createInvitationCodes(deps: InvitationCodesDeps): InvitationCodes {
  const { database, guard, blindIndex, persons, clock } = deps

  /** Open invitations that name this person, visible or not. */
  async function addressed(within: Database, person: NaturalPerson): Promise<MandateRow[]> {
    const keys = inviteeKeysOf(blindIndex, persons, person)
    if (keys.length === 0) return []
    const rows = await within
      .selectFrom('mandates')
      .selectAll()
      .where('state', '=', 'offered')
      .where('invitee_key', 'in', keys)
      .where('offer_ends_at', '>', clock())
      .where('expires_at', '>', clock())
      .execute()
    return rows.filter((row) => guard.mayUse('mandates', row))
  }

  /** Tries of this person, by invitation. */
  async function triedBy(within: Database, personId: string) {
    const rows = await within
      .selectFrom('mandate_code_tries')
      .select(['mandate_id', 'tries', 'opened_at'])
      .where('person_id', '=', personId)
      .execute()
    return new Map(rows.map((row) => [row.mandate_id, row]))
  }

  const note = (transaction: DatabaseTransaction, personId: string, mandateId: string, columns: Noted) =>
    transaction
      .insertInto('mandate_code_tries')
      .values({ mandate_id: mandateId, person_id: personId, ...columns })
      .onConflict((conflict) => conflict.columns(['mandate_id', 'person_id']).doUpdateSet(columns))
      .execute()

  return {
    async visible(person) {
      const [rows, tried] = await Promise.all([addressed(database, person), triedBy(database, person.id)])
      return rows.filter(({ id, code_key: key }) => key === null || (tried.get(id)?.opened_at ?? null) !== null)
    },

    // one transaction: writers are serialised, so each parallel try is counted before the next comparison
    open: (person, code) =>
      database.transaction().execute(async (transaction) => {
        const before = await triedBy(transaction, person.id)
        const hidden = (await addressed(transaction, person)).filter(
          ({ id, code_key: key }) => key !== null && (before.get(id)?.opened_at ?? null) === null,
        )
        const left = hidden.filter(({ id }) => (before.get(id)?.tries ?? 0) < mostTries)
        const right = left.find(({ id, code_key: key }) => isAmong(codeKeyOf(blindIndex, id, code), [key ?? '']))
        if (right) {
          // the digits were right for one invitation: they do not count as wrong for the others
          const tries = before.get(right.id)?.tries ?? 0
          await note(transaction, person.id, right.id, { tries, opened_at: clock() })
          return { opened: true, tried: left.length }
        }
        for (const { id } of left) {
          await note(transaction, person.id, id, { tries: (before.get(id)?.tries ?? 0) + 1, opened_at: null })
        }
        return { opened: false, tried: left.length }
      }),
  }
}
