import { z } from 'zod'
import { VendorFailed } from '../../../proofing/vendor-calls.ts'
import { textPurposes, type TextMessage } from './text-sender.ts'

/** `notice` is for texts without a code. */
const kinds = [...textPurposes, 'notice'] as const
/** Vendors approve templates of the mainland and of other countries apart; one does not serve for the other. */
const places = ['', '.abroad'] as const

/**
 * Ids of the templates that a vendor has approved, by purpose: `<purpose>` for the mainland, `<purpose>.abroad` for other countries, and
 * either with `.<language>` behind for one language. A code of the mainland is the only parameter (验证码); `.abroad` has the portal before it.
 */
export const templates = z.partialRecord(
  z.templateLiteral([
    z.enum(kinds),
    z.union([z.literal(''), z.literal('.abroad')]),
    z.union([z.literal(''), z.literal('.zh-CN'), z.literal('.zh-Hant'), z.literal('.en')]),
  ]),
  z.string().min(1),
)

export type Templates = z.infer<typeof templates>

const mainland = '86'

/** Whether a text goes to another country than the mainland. */
export const isAbroad = ({ to }: Pick<TextMessage, 'to'>): boolean => !to.startsWith(`+${mainland}`)

/** Templates that numbers of these country codes need, and the vendor has not. */
export const lackingTemplates = (known: Templates, countries: readonly string[]): string[] =>
  places
    .filter((place) => countries.some((code) => (code === mainland) === (place === '')))
    .flatMap((place) => kinds.map((kind) => `${kind}${place}` as const))
    .filter((kind) => known[kind] === undefined)

/** @throws VendorFailed where the vendor has no template for it */
export function templateOf(known: Templates, message: TextMessage): string {
  const kind = `${message.code === '' ? 'notice' : message.purpose}${isAbroad(message) ? '.abroad' : ''}`
  const ids: Readonly<Record<string, string | undefined>> = known
  const id = ids[`${kind}.${message.language}`] ?? ids[kind]
  if (id === undefined) throw new VendorFailed(`no template for ${kind}`)
  return id
}
