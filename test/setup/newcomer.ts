import type { Services } from '../../src/services.ts'
import { vendorUser } from './channel-vendors.ts'
import { residentId } from './people.ts'

let people = 0

/** A person without an account, whom the register knows with this telephone number as theirs. */
export async function newcomerOf(services: Services, phone: string) {
  people += 1
  const number = residentId(`4403051988021${6000 + people}`)
  const whose = { documentType: 'resident_id', documentNumber: number }
  await services.database.transaction().execute(async (within) => {
    await services.register.add(within, [{ ...whose, nameKey: '林小梅' }])
    await services.phoneRegister.add(within, [{ ...whose, phone: `+86${phone}` }])
  })
  return {
    number,
    phone,
    user: { ...vendorUser(number), phone: `+86${phone}` },
    fields: { name: '林小梅', document_type: 'resident_id', document_number: number, phone },
  }
}
