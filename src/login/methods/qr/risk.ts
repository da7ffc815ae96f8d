import { z } from 'zod'
import { readJson } from '../../../config/machine-errors.ts'

const outcomes = ['none', 'code', 'refuse'] as const

const ruleSchema = z.object({
  name: z.string().regex(/^[a-z-]+$/),
  when: z
    .strictObject({
      network: z.enum(['same', 'different']),
      region: z.enum(['same', 'different', 'unknown']),
      device: z.enum(['new', 'known']),
      level: z.union([z.literal(2), z.literal(3), z.literal(4)]),
      legalPerson: z.boolean(),
      byLink: z.boolean(),
      passkey: z.boolean(),
    })
    .partial(),
  outcome: z.enum(outcomes),
})

/** DESIGN 2.4 promises these two: they are in code, because a file could lose them. */
const always: readonly z.infer<typeof ruleSchema>[] = [
  { name: 'reached-by-link', when: { byLink: true }, outcome: 'code' },
  { name: 'no-passkey', when: { passkey: false }, outcome: 'code' },
]

const schema = z.object({
  /** Two addresses with this many equal first bits count as one network. */
  samePrefix: z.object({ ipv4: z.int().min(8).max(32), ipv6: z.int().min(16).max(128) }),
  newDeviceHours: z.number().nonnegative(),
  rules: z.array(ruleSchema),
})

/** Rules that assess a scan: data that an administrator can read and change. */
export type RiskTable = z.infer<typeof schema>

export const riskTable: RiskTable = readJson(new URL('../../../../config/qr-risk.json', import.meta.url), schema)

/** Facts of a scan. */
export interface RiskInputs {
  network: 'same' | 'different'
  region: 'same' | 'different' | 'unknown'
  device: 'new' | 'known'
  /** The level the portal asks for. */
  level: 2 | 3 | 4
  legalPerson: boolean
  /** The frame was reached by a link, by the browser's own account. */
  byLink: boolean
  /** The person can approve by a passkey. */
  passkey: boolean
}

export interface RiskDecision {
  outcome: (typeof outcomes)[number]
  /** The rules that led to it, for the audit log. */
  reasons: string[]
}

/** Pure: each rule whose conditions all hold counts; the strictest one decides. */
export function assessRisk(inputs: RiskInputs, { rules }: RiskTable): RiskDecision {
  const holding = [...always, ...rules].filter(({ when }) =>
    Object.entries(when).every(([name, value]) => inputs[name as keyof RiskInputs] === value),
  )
  const strictest = Math.max(0, ...holding.map((rule) => outcomes.indexOf(rule.outcome)))
  const outcome = outcomes[strictest] ?? 'refuse'
  return { outcome, reasons: holding.filter((rule) => rule.outcome === outcome).map(({ name }) => name) }
}
