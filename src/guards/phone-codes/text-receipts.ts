import { z } from 'zod'
import type { DeliveryReceipt } from '../../channels/senders/sms/receipts.ts'
import type { Clock } from '../../config/clock.ts'
import { daySeconds } from '../../config/time.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { updateArtifact } from '../../storage/compare-and-set.ts'
import { hashId } from '../../storage/hash-id.ts'
import { codeIdOf, codeSeconds, type CodeFor } from './code-store.ts'

/** `late`: it arrived when its code was over. */
export type ReceiptOutcome = 'delivered' | 'failed' | 'late'

/** What became of the texts of a day, and whether the newest text of one act failed. No number is stored. */
export interface TextReceipts {
  /** An accepted text. @param id of its vendor */
  sent(id: string, code: CodeFor | undefined): Promise<void>
  /** The first receipt of a text counts; a repeated one, and one of an unknown text, change nothing. */
  take(receipt: DeliveryReceipt): Promise<void>
  /** Whether the newest text for this code is known to have failed. */
  failed(code: CodeFor): Promise<boolean>
  /** As `failed`, true once for each text that failed: one further text needs no pause. */
  takeFailure(code: CodeFor): Promise<boolean>
}

const kind = 'text-receipt'
const newest = 'text-newest'
const kept = z.object({ at: z.number(), outcome: z.enum(['delivered', 'failed', 'late']).optional() })

export function createTextReceipts(options: {
  artifacts: Artifacts
  /** Counts each text by what became of it. */
  reported: (outcome: ReceiptOutcome) => void
  clock: Clock
}): TextReceipts {
  const { artifacts, reported, clock } = options
  const keyOf = (id: string) => hashId(`${kind}\0${id}`)

  const hasFailed = async (key: string | undefined) => {
    const known = key === undefined ? undefined : await artifacts.get(kind, key)
    return known !== undefined && kept.parse(JSON.parse(known)).outcome === 'failed'
  }

  return {
    async sent(id, code) {
      const key = keyOf(id)
      await artifacts.add(kind, key, JSON.stringify({ at: clock() }), { ttl: daySeconds })
      if (code) await artifacts.put(newest, codeIdOf(code), key, { ttl: codeSeconds })
    },
    async take({ id, delivered }) {
      const outcome = await updateArtifact<ReceiptOutcome | undefined>(artifacts, { kind, id: keyOf(id) }, (before) => {
        const text = before === undefined ? undefined : kept.parse(JSON.parse(before))
        if (!text || text.outcome) return { result: undefined }
        const late = clock() - text.at > codeSeconds * 1000
        const result = delivered ? (late ? 'late' : 'delivered') : 'failed'
        return { value: JSON.stringify({ ...text, outcome: result }), result }
      })
      if (outcome) reported(outcome)
    },
    failed: async (code) => hasFailed(await artifacts.get(newest, codeIdOf(code))),
    async takeFailure(code) {
      const key = await artifacts.get(newest, codeIdOf(code))
      return (await hasFailed(key)) && (await artifacts.take(newest, codeIdOf(code))) === key
    },
  }
}
