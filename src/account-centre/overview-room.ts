import type { NumberClaims } from '../accounts/faces/number-claims.ts'
import { maskDocumentNumber, maskName, maskPhone } from '../accounts/identifiers/masking.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost } from '../login/method.ts'
import type { MenuPage } from './menu.ts'

export interface OverviewDeps {
  centre: AccountHost
  persons: NaturalPersons
  audit: AuditLog
  numberClaims: NumberClaims
  menuPages: readonly MenuPage[]
}

/** The first page: the person's record, masked until a fresh sign-in asks for it whole, and a link to every room. */
export function overviewRoutes(router: AccountRouter, deps: OverviewDeps): void {
  const { centre, persons, audit, numberClaims } = deps
  const rooms = deps.menuPages.filter(({ onOverview }) => onOverview).map(({ name, path }) => ({ name, path }))

  /** The pending claim of another account to this person's document number, or of this person to another's. */
  async function claimOf(personId: string) {
    const [claim] = await numberClaims.of(personId)
    return claim && { side: claim.holderId === personId ? 'holder' : 'claimant', dueAt: claim.dueAt }
  }

  router.get('/account', 'sign-in', async (ctx, account) => {
    const { documentType, documentNumber, name, phone, username } = persons.reveal(account.person)
    await centre.show(ctx, account, 'account/overview', {
      level: account.person.identityLevel,
      documentType,
      documentNumber: maskDocumentNumber(documentNumber),
      name: maskName(name),
      phone: maskPhone(phone),
      username,
      whole: false,
      rooms,
      claim: await claimOf(account.person.id),
    })
  })

  // a session by a relayed QR code must not read the whole record either
  router.get('/account/whole', 'change-authenticators', async (ctx, account) => {
    await audit.record({ event: 'person.revealed', ...actorOf(ctx), personId: account.person.id })
    const level = account.person.identityLevel
    const record = persons.reveal(account.person)
    await centre.show(ctx, account, 'account/overview', { level, ...record, whole: true, rooms, claim: undefined })
  })
}
