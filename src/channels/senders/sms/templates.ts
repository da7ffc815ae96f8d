import { z } from 'zod'
import { VendorFailed } from '../../../proofing/vendor-calls.ts'
import { textPurposes, type TextMessage } from './text-sender.ts'

/**
 * Ids of the templates that a vendor has approved, by purpose; `notice` is for texts without a code. `<purpose>.<language>` is for one
 * language. Each template has the parameters portal and code, in this order; `notice` has portal alone.
 */
export const templates = z.partialRecord(
  z.templateLiteral([
    z.enum([...textPurposes, 'notice']),
    z.union([z.literal(''), z.literal('.zh-CN'), z.literal('.zh-Hant'), z.literal('.en')]),
  ]),
  z.string().min(1),
)

export type Templates = z.infer<typeof templates>

/** @throws VendorFailed where the vendor has no template for it */
export function templateOf(known: Templates, { purpose, code, language }: TextMessage): string {
  const kind = code === '' ? 'notice' : purpose
  const ids: Readonly<Record<string, string | undefined>> = known
  const id = ids[`${kind}.${language}`] ?? ids[kind]
  if (id === undefined) throw new VendorFailed(`no template for ${kind}`)
  return id
}
