import type Router from '@koa/router'
import type { RouterContext } from '@koa/router'
import { isAmong } from '../accounts/constant-time.ts'
import type { DeliveryReceipt, ReportingSender } from '../channels/senders/sms/receipts.ts'
import { receiptForms } from '../channels/senders/sms/receipts.ts'
import type { TextReceipts } from '../guards/phone-codes/text-receipts.ts'
import { readJson } from '../pages/bodies.ts'
import { Refusal } from '../refusal/refusal.ts'

/** The sender that may report, and the secret of its address; undefined where the settings have none. */
export interface ReportingDeps {
  reporting: { sender: ReportingSender; secret: string } | undefined
  textReceipts: Pick<TextReceipts, 'take'>
}

const mostBytes = 256 * 1024

/**
 * Takes the receipts of the vendor at /texts/receipts/<secret>. A wrong secret is an address that does not exist; the bodies have
 * telephone numbers, and nothing of them is kept or logged but the id.
 */
export function textReceiptRoutes(router: Router, { reporting, textReceipts }: ReportingDeps): void {
  router.post('/texts/receipts/:secret', async (ctx) => {
    if (!reporting || !isAmong(String(ctx['params']['secret']), [reporting.secret])) throw new Refusal('not_found')
    const { answer } = receiptForms[reporting.sender]
    for (const receipt of await receiptsIn(reporting.sender, ctx)) await textReceipts.take(receipt)
    ctx.body = answer
  })
}

/** @throws Refusal `unsupported_media_type`, `too_large`, `bad_request` */
async function receiptsIn(sender: ReportingSender, ctx: RouterContext): Promise<DeliveryReceipt[]> {
  try {
    return receiptForms[sender].read(await readJson(ctx, mostBytes))
  } catch (error) {
    if (error instanceof Refusal && error.code !== 'bad_request') throw error
    // the message of the error would show a part of the body, which has numbers
    throw new Refusal('bad_request', `no receipts of ${sender}`)
  }
}
