import { receiptFor } from '../audit/receipts.ts'
import type { AccountHost, Router } from '../login/method.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Database } from '../storage/database.ts'

export interface ReceiptDeps {
  database: Database
}

/**
 * The receipt of an entry about the person who asks, as a file: it shows by itself that the entry stands in the signed
 * trail (docs/operations.md). Somebody else's entry is answered as one that is not there.
 */
export function receiptRoutes(router: Router, centre: AccountHost, { database }: ReceiptDeps): void {
  router.get('/account/receipts/:number', async (ctx) => {
    const account = await centre.enter(ctx)
    if (!account) return
    const { number = '' } = ctx['params'] as { number?: string }
    const receipt = /^\d{1,12}$/.test(number) ? await receiptFor(database, Number(number)) : undefined
    if (receipt?.entry.person_id !== account.person.id) throw new Refusal('not_found', 'no receipt for this person')
    ctx.set('content-disposition', `attachment; filename="yideng-receipt-${number}.json"`)
    ctx.body = receipt
  })
}
