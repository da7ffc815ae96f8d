import type { AuditLog } from '../audit/audit-log.ts'
import { receiptFor, signedAmong } from '../audit/receipts.ts'
import type { AccountRouter } from '../login/account-router.ts'
import type { AccountHost } from '../login/method.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Database } from '../storage/database.ts'

export interface ReceiptDeps {
  centre: AccountHost
  database: Database
  audit: AuditLog
}

/**
 * The receipt of an audit entry about this person, as a file. It proves by itself that the entry is in the signed audit log
 * (docs/operations.md). An entry about another person is answered like a missing one.
 */
export function receiptRoutes(router: AccountRouter, { centre, database, audit }: ReceiptDeps): void {
  router.get('/account/receipts/:number', 'sign-in', async (ctx, account) => {
    const { person } = account
    const { number = '' } = ctx['params'] as { number?: string }
    const receipt = /^\d{1,16}$/.test(number) ? await receiptFor(database, Number(number)) : undefined
    if (!receipt && (await isUnsigned(number, person.id))) return centre.show(ctx, account, 'account/receipt-soon', {})
    if (receipt?.entry.person_id !== person.id) throw new Refusal('not_found', 'no receipt for this person')
    ctx.set('content-disposition', `attachment; filename="yideng-receipt-${number}.json"`)
    ctx.body = receipt
    return undefined
  })

  /** A sign-in of this person that the next checkpoint signs, within a minute. */
  async function isUnsigned(number: string, personId: string): Promise<boolean> {
    const latest = await audit.ofPerson(personId, { events: ['login.succeeded'], limit: 20 })
    const found = latest.find(({ sequence }) => String(sequence) === number)
    return found !== undefined && !(await signedAmong(database, [found.sequence])).has(found.sequence)
  }
}
