import { randomUUID } from 'node:crypto'
import { postTo, VendorFailed, type VendorFetch } from '../../../proofing/vendor-calls.ts'
import type { TextSender } from './text-sender.ts'

/**
 * Posts each text to the gateway of the operator, as DESIGN 1.4 says; a status of 2xx is accepted. The header `X-Yideng-Text` has the id
 * for receipts.
 */
export const webhookSender = (fetch: VendorFetch, url: string): TextSender => ({
  async send({ to, purpose, code, text }) {
    const body = JSON.stringify({ to, purpose, code, text })
    const id = randomUUID()
    const headers = { 'content-type': 'application/json', 'x-yideng-text': id }
    const { ok } = await postTo(fetch, url, headers, body)
    if (!ok) throw new VendorFailed('refused')
    return { id }
  },
})
