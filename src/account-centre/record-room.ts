import { groupDocument, groupPhone } from '../accounts/identifiers/grouping.ts'
import { maskDocumentNumber, maskName, maskPhone } from '../accounts/identifiers/masking.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountHost } from '../login/method.ts'

export interface RecordDeps {
  centre: AccountHost
  persons: NaturalPersons
  audit: AuditLog
}

/** The person's record (个人资料), masked until a fresh sign-in asks for it whole. */
export function recordRoutes(router: AccountRouter, { centre, persons, audit }: RecordDeps): void {
  router.get('/account/details', 'sign-in', async (ctx, account) => {
    const { documentType, documentNumber, name, phone, username } = persons.reveal(account.person)
    await centre.show(ctx, account, 'account/record', {
      level: account.person.identityLevel,
      documentType,
      documentNumber: maskDocumentNumber(documentNumber),
      name: maskName(name),
      phone: maskPhone(phone),
      username,
      whole: false,
    })
  })

  // a session by a relayed QR code must not read the whole record either
  router.get('/account/whole', 'change-authenticators', async (ctx, account) => {
    await audit.record({ event: 'person.revealed', ...actorOf(ctx), personId: account.person.id })
    const { documentType, documentNumber, name, phone, username } = persons.reveal(account.person)
    await centre.show(ctx, account, 'account/record', {
      level: account.person.identityLevel,
      documentType,
      documentNumber: groupDocument(documentNumber),
      name,
      phone: groupPhone(phone),
      username,
      whole: true,
    })
  })
}
