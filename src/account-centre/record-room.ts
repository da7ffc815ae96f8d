import { groupDocument, groupPhone } from '../accounts/identifiers/grouping.ts'
import { maskDocumentNumber, maskName, maskPhone } from '../accounts/identifiers/masking.ts'
import type { NaturalPersons } from '../accounts/natural-persons.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { actorOf } from '../login/actor.ts'
import type { AccountContext, AccountHost, RouterContext } from '../login/method.ts'
import { correctionRoutes, type CorrectionDeps } from './record-correction.ts'

export interface RecordDeps extends CorrectionDeps {
  centre: AccountHost
  persons: NaturalPersons
  audit: AuditLog
}

/** The person's record (个人资料), masked until a fresh sign-in asks for it whole, and its correction. */
export function recordRoutes(router: AccountRouter, deps: RecordDeps): void {
  correctionRoutes(router, deps)
  router.get('/account/details', 'sign-in', (ctx, account) => show(deps, ctx, account, masked))

  // a session by a relayed QR code must not read the whole record either
  router.get('/account/whole', 'change-authenticators', async (ctx, account) => {
    await deps.audit.record({ event: 'person.revealed', ...actorOf(ctx), personId: account.person.id })
    await show(deps, ctx, account, whole)
  })
}

const masked = { whole: false, number: maskDocumentNumber, name: maskName, phone: maskPhone }
const whole = { whole: true, number: groupDocument, name: (name: string) => name, phone: groupPhone }

function show(
  { centre, persons }: RecordDeps,
  ctx: RouterContext,
  { person, session }: AccountContext,
  as: typeof masked,
) {
  const { documentType, documentNumber, name, phone, username } = persons.reveal(person)
  return centre.show(ctx, { person, session }, 'account/record', {
    level: person.identityLevel,
    documentType,
    documentNumber: as.number(documentNumber),
    name: as.name(name),
    phone: as.phone(phone),
    username,
    whole: as.whole,
    done: ctx.query['done'] === 'corrected' ? 'corrected' : '',
  })
}
