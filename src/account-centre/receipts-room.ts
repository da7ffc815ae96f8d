import { receiptFor } from '../audit/receipts.ts'
import type { AccountRouter } from '../login/account-router.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Database } from '../storage/database.ts'

export interface ReceiptDeps {
  database: Database
}

/**
 * The receipt of an audit entry about this person, as a file. It proves by itself that the entry is in the signed audit log
 * (docs/operations.md). An entry about another person is answered like a missing one.
 */
export function receiptRoutes(router: AccountRouter, { database }: ReceiptDeps): void {
  router.get('/account/receipts/:number', 'sign-in', async (ctx, { person }) => {
    const { number = '' } = ctx['params'] as { number?: string }
    const receipt = /^\d{1,12}$/.test(number) ? await receiptFor(database, Number(number)) : undefined
    if (receipt?.entry.person_id !== person.id) throw new Refusal('not_found', 'no receipt for this person')
    ctx.set('content-disposition', `attachment; filename="yideng-receipt-${number}.json"`)
    ctx.body = receipt
  })
}
