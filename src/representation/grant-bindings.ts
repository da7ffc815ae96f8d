import { z } from 'zod'
import type { Representation } from '../accounts/mandates/representations.ts'
import { granted } from '../accounts/mandates/mandate-rules.ts'
import type { Artifacts } from '../storage/artifacts.ts'

const boundSchema = z.object({
  /** Null: the person acts for themself. */
  principalId: z.string().nullable(),
  personId: z.string(),
  clientId: z.string(),
  sessionUid: z.string(),
  relation: z.string(),
  /** The mandates that it depends on. It ends with any of them. */
  mandateIds: z.array(z.string()),
})

/** The principal of a portal's grant. Each code and token of the grant speaks for this principal. */
export type Bound = z.infer<typeof boundSchema>

export type BoundToOther = Bound & { principalId: string }

export const isForOther = (bound: Bound): bound is BoundToOther => bound.principalId !== null

const kind = 'Representee'
const parse = (text: string) => boundSchema.parse(JSON.parse(text))

/** @param ttl seconds: as long as a grant can live */
export function bindGrant(artifacts: Artifacts, grantId: string, bound: Bound, ttl: number): Promise<void> {
  const group = bound.principalId ?? undefined
  return artifacts.put(kind, grantId, JSON.stringify(bound), { ttl, group })
}

export async function findBound(artifacts: Artifacts, grantId: string): Promise<Bound | undefined> {
  const text = await artifacts.get(kind, grantId)
  return text === undefined ? undefined : parse(text)
}

/** All grants for one principal. */
export async function listBoundTo(
  artifacts: Artifacts,
  principalId: string,
): Promise<{ grantId: string; bound: Bound }[]> {
  const found = await artifacts.listGroup(kind, principalId)
  return found.map(({ id, value }) => ({ grantId: id, bound: parse(value) }))
}

export const unbindGrant = (artifacts: Artifacts, grantId: string): Promise<void> => artifacts.remove(kind, grantId)

/** The same relation as when the grant was bound, and all of its mandates still apply. */
const stillGranted = (bound: Bound, now: Representation['granted']) =>
  now !== undefined &&
  now.relation === bound.relation &&
  bound.mandateIds.every((id) => now.mandates.some((mandate) => mandate.id === id))

/** `unreachable`: no answer from the register, so no token may speak for the principal now. */
export type Holding = { state: 'holds'; representation: Representation } | { state: 'ended' | 'unreachable' }

/** @param now the representation at this moment, after the register was asked */
export function holdingOf(bound: BoundToOther, now: Representation | undefined): Holding {
  if (now?.view.blockedBy === 'unreachable') return { state: 'unreachable' }
  if (!now || !stillGranted(bound, now.granted)) return { state: 'ended' }
  return { state: 'holds', representation: now }
}

/**
 * Whether the representation has ended for good, even if the register gives no answer at this moment.
 * A register that cannot be reached ends nothing: its last answer may still be true.
 * @param at milliseconds since 1970 UTC
 */
export function hasEndedForGood(bound: BoundToOther, now: Representation | undefined, at: number): boolean {
  if (!now) return true
  const { affairs, blockedBy } = now.view
  if (blockedBy !== undefined && blockedBy !== 'unreachable') return true
  const reachable = { ...affairs, principal: { ...affairs.principal, standing: true } }
  return !stillGranted(bound, granted(reachable, bound.personId, at))
}
