import { maskDocumentNumber, maskName, maskPhone } from '../accounts/identifiers/masking.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { AccountHost, Router } from '../login/method.ts'

export interface OverviewParts {
  persons: NaturalPersons
}

/** Who I am: what is on record, masked until a fresh sign-in asks for it whole. */
export function overviewRoutes(router: Router, centre: AccountHost, { persons }: OverviewParts): void {
  router.get('/account', async (ctx) => {
    const visit = await centre.visit(ctx)
    if (!visit) return
    const { documentType, documentNumber, name, phone, username } = persons.reveal(visit.person)
    await centre.show(ctx, visit, 'account/overview', {
      level: visit.person.identityLevel,
      documentType,
      documentNumber: maskDocumentNumber(documentNumber),
      name: maskName(name),
      phone: maskPhone(phone),
      username,
    })
  })
}
