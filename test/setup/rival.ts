import type { Services } from '../../src/services.ts'
import { matchKey } from '../../src/accounts/identifiers/names.ts'
import { find } from './organisation.ts'
import { openPerson } from './person.ts'

/** Puts the name and number of an account into the population register. */
export async function registered(services: Services, person: { id: string }): Promise<void> {
  const { documentType, documentNumber, name } = services.persons.reveal(await find(services, person))
  const claim = { documentType, documentNumber, nameKey: matchKey(name) }
  await services.database.transaction().execute((transaction) => services.register.add(transaction, [claim]))
}

/** Another account, of level 2, that claims the number of this one under the name the register has. */
export async function rivalOf(services: Services, person: { id: string; number: string }) {
  const { name } = services.persons.reveal(await find(services, person))
  const rival = await openPerson(services, { name, number: person.number, level: 2 })
  await registered(services, rival)
  return rival
}
