import { maskDocumentNumber, maskName, maskPhone } from '../accounts/identifiers/masking.ts'
import type { NumberClaims } from '../accounts/faces/number-claims.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import { actorOf } from '../login/host.ts'
import type { AccountHost, Router } from '../login/method.ts'

export interface OverviewDeps {
  persons: NaturalPersons
  audit: AuditLog
  numberClaims: NumberClaims
}

/** Who I am: what is on record, masked until a fresh sign-in asks for it whole; and the way to every room. */
export function overviewRoutes(
  router: Router,
  centre: AccountHost,
  { persons, audit, numberClaims }: OverviewDeps,
): void {
  /** What waits for the number: the account may lose it, or get it. */
  async function claimOf(personId: string) {
    const [claim] = await numberClaims.of(personId)
    return claim && { side: claim.holderId === personId ? 'holder' : 'claimant', dueAt: claim.dueAt }
  }

  router.get('/account', async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const { documentType, documentNumber, name, phone, username } = persons.reveal(account.person)
    await centre.show(ctx, account, 'account/overview', {
      level: account.person.identityLevel,
      documentType,
      documentNumber: maskDocumentNumber(documentNumber),
      name: maskName(name),
      phone: maskPhone(phone),
      username,
      whole: false,
      claim: await claimOf(account.person.id),
    })
  })

  // what a relayed QR code must not get at is more than the ways to sign in
  router.get('/account/whole', async (ctx) => {
    const account = await centre.mayChangeAuthenticators(ctx)
    if (!account) return
    await audit.record({ event: 'person.revealed', ...actorOf(ctx), personId: account.person.id })
    const level = account.person.identityLevel
    await centre.show(ctx, account, 'account/overview', {
      level,
      ...persons.reveal(account.person),
      whole: true,
      claim: undefined,
    })
  })
}
