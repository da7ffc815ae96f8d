import type { Back } from '../../src/admin/house.ts'
import { matchKey } from '../../src/accounts/identifiers/names.ts'
import { find } from './organisation.ts'
import { openPerson } from './person.ts'

/** Puts the name and number of an account into the population register. */
export async function registered(house: Back, person: { id: string }): Promise<void> {
  const { documentType, documentNumber, name } = house.persons.reveal(await find(house, person))
  const claim = { documentType, documentNumber, nameKey: matchKey(name) }
  await house.database.transaction().execute((transaction) => house.register.add(transaction, [claim]))
}

/** Another account, of level 2, that claims the number of this one under the name the register has. */
export async function rivalOf(house: Back, person: { id: string; number: string }) {
  const { name } = house.persons.reveal(await find(house, person))
  const rival = await openPerson(house, { name, number: person.number, level: 2 })
  await registered(house, rival)
  return rival
}
