import type { Mandate } from './mandate-rules.ts'

const acts = ['offer', 'accept', 'confirm'] as const
export type SignedActName = (typeof acts)[number]

/** The fields of the text that a person signs to give or accept a mandate. Times in milliseconds since 1970 UTC. */
export interface MandateText {
  act: SignedActName
  mandate: string
  principal: string
  role: string
  matters: readonly string[]
  from: number
  until: number
  givenBy: string
  under: string | null
  /** Keyed fingerprint of the invitee, or the id of the holder. */
  to: string
}

function write({ act, mandate, principal, role, matters, from, until, givenBy, under, to }: MandateText): string {
  const time = (at: number) => new Date(at).toISOString()
  return [
    'yideng mandate 1',
    `act: ${act}`,
    `mandate: ${mandate}`,
    `principal: ${principal}`,
    `role: ${role}`,
    `matters: ${[...matters].sort().join(' ')}`,
    `from: ${time(from)}`,
    `until: ${time(until)}`,
    `given by: ${givenBy}`,
    `under: ${under ?? '-'}`,
    `to: ${to}`,
    '',
  ].join('\n')
}

/** The text of an act: one line for each field, in this order; ids and keys only. */
export const canonicalText = (act: SignedActName, mandate: Mandate, to: string): string =>
  write({
    act,
    mandate: mandate.id,
    principal: mandate.principalId,
    role: mandate.role,
    matters: mandate.matters,
    from: mandate.notBefore,
    until: mandate.expiresAt,
    givenBy: mandate.grantedBy,
    under: mandate.parentId,
    to,
  })

const form =
  /^yideng mandate 1\nact: (.+)\nmandate: (.+)\nprincipal: (.+)\nrole: (.+)\nmatters: (.+)\nfrom: (.+)\nuntil: (.+)\ngiven by: (.+)\nunder: (.+)\nto: (.+)\n$/

/** Parses such a text; undefined where `canonicalText` would not write exactly these bytes. */
export function readCanonical(text: string): MandateText | undefined {
  const [, named, mandate, principal, role, matters, from, until, givenBy, under, to] = form.exec(text) ?? []
  const act = acts.find((one) => one === named)
  const [start, end] = [Date.parse(from ?? ''), Date.parse(until ?? '')]
  if (!act || !mandate || !principal || !role || !matters || !givenBy || !to) return undefined
  if (Number.isNaN(start) || Number.isNaN(end)) return undefined
  const list = matters.split(' ')
  const parent = under === '-' ? null : (under ?? null)
  const read = { act, mandate, principal, role, matters: list, from: start, until: end, givenBy, under: parent, to }
  return write(read) === text ? read : undefined
}
