import { z } from 'zod'

/** What a vendor knows about a text it has accepted: it reached the telephone, or it will not. */
export interface DeliveryReceipt {
  /** The id of the answer to the sending. */
  id: string
  delivered: boolean
}

export const receiptSettings = z.strictObject({
  /** The last part of the address that the vendor calls; vendors do not sign. */
  secret: z.string().regex(/^[\w-]{32,128}$/),
})

const tencent = z.array(z.object({ sid: z.string(), report_status: z.enum(['SUCCESS', 'FAIL']) }))
const alibaba = z.array(z.object({ biz_id: z.string(), success: z.boolean() }))
const webhook = z.array(z.object({ id: z.string(), delivered: z.boolean() }))

interface ReceiptForm {
  /** The receipts in a body as the vendor documents it. @throws ZodError for another body */
  read(body: unknown): DeliveryReceipt[]
  /** What the vendor takes as “received”; else it calls again. */
  answer: object
}

/**
 * How each sender reports: 腾讯云短信 “状态回执” (document 382/43547), 阿里云短信 SmsReport, and the gateway of the operator. They repeat a
 * receipt, send many in one call, and may send them hours later.
 */
export const receiptForms = {
  tencent: {
    read: (body) =>
      tencent.parse(body).map(({ sid, report_status: status }) => ({ id: sid, delivered: status === 'SUCCESS' })),
    answer: { result: 0, errmsg: 'OK' },
  },
  alibaba: {
    read: (body) => alibaba.parse(body).map(({ biz_id: id, success }) => ({ id, delivered: success })),
    answer: { code: 0, msg: 'OK' },
  },
  webhook: { read: (body) => webhook.parse(body), answer: {} },
} as const satisfies Record<string, ReceiptForm>

/** A sender that reports what became of its texts. */
export type ReportingSender = keyof typeof receiptForms

export const isReporting = (sender: string): sender is ReportingSender => Object.hasOwn(receiptForms, sender)
