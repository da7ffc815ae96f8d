import type { NumberDisputes } from '../accounts/identity-proofing/number-disputes.ts'
import { maskDocumentNumber, maskName, maskPhone } from '../accounts/identifiers/masking.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost } from '../login/method.ts'

export interface OverviewDeps {
  centre: AccountHost
  persons: NaturalPersons
  audit: AuditLog
  numberDisputes: NumberDisputes
}

/** The first page: the person's record, masked until a fresh sign-in asks for it whole. */
export function overviewRoutes(router: AccountRouter, deps: OverviewDeps): void {
  const { centre, persons, audit, numberDisputes } = deps

  /** The pending dispute of another account to this person's document number, or of this person to another's. */
  async function disputeOf(personId: string) {
    const [dispute] = await numberDisputes.of(personId)
    return dispute && { side: dispute.holderId === personId ? 'holder' : 'claimant', dueAt: dispute.dueAt }
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
      claim: await disputeOf(account.person.id),
    })
  })

  // a session by a relayed QR code must not read the whole record either
  router.get('/account/whole', 'change-authenticators', async (ctx, account) => {
    await audit.record({ event: 'person.revealed', ...actorOf(ctx), personId: account.person.id })
    const level = account.person.identityLevel
    const record = persons.reveal(account.person)
    await centre.show(ctx, account, 'account/overview', { level, ...record, whole: true, claim: undefined })
  })
}
