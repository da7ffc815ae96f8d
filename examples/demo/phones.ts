import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { readSettings } from '../../src/config/settings.ts'
import { openServices } from '../../src/services.ts'
import type { DemoPerson } from './people.ts'

/** The numbers of these people are theirs by the register, and proven, as if at a counter. */
export async function provePhones(
  environment: Record<string, string | undefined>,
  people: readonly DemoPerson[],
): Promise<void> {
  const services = await openServices(readSettings(environment), () => Date.now())
  const { database, persons, phoneProofs, phoneRegister } = services
  try {
    for (const { username, phone, documentType, documentNumber } of people) {
      const person = await persons.findByIdentifier(readIdentifier(username))
      const numbered = { personId: person?.id ?? '', phone: `+86${phone}` }
      if (!person || (await phoneProofs.find(numbered))) continue
      await database.transaction().execute(async (within) => {
        await phoneRegister.add(within, [{ phone: numbered.phone, documentType, documentNumber }])
        await phoneProofs.record(within, { ...numbered, how: 'clerk' }, { actor: 'administrator:demo' })
      })
    }
  } finally {
    await services.close()
  }
}
