import { z } from 'zod'
import type { Representation, Representations } from '../accounts/mandates/representations.ts'
import { granted } from '../accounts/mandates/rules.ts'
import type { Clock } from '../config/clock.ts'
import type { Artifacts } from '../storage/artifacts.ts'

const boundSchema = z.object({
  /** Null: the person for themself. */
  principalId: z.string().nullable(),
  personId: z.string(),
  clientId: z.string(),
  sessionUid: z.string(),
  relation: z.string(),
  /** Those it rests on; with one of them it ends. */
  mandateIds: z.array(z.string()),
})

/** For whom a portal's grant is: every code and token of the grant speaks for that one. */
export type Bound = z.infer<typeof boundSchema>

/** `unreachable`: the register cannot be asked, so nothing may be said for the principal now. */
export type Holding = { state: 'holds'; representation: Representation } | { state: 'ended' | 'unreachable' }

export interface RepresenteeBook {
  bind(grantId: string, bound: Bound): Promise<void>
  ofGrant(grantId: string): Promise<Bound | undefined>
  /** Every grant that is for this principal. */
  ofPrincipal(principalId: string): Promise<{ grantId: string; bound: Bound }[]>
  release(grantId: string): Promise<void>
  /** Whether what a grant was given for is still granted, the register asked. */
  holding(bound: Bound & { principalId: string }): Promise<Holding>
  /** As `holding`, whatever the register would say: what ended by itself or by somebody's act. */
  endedForGood(bound: Bound & { principalId: string }): Promise<boolean>
}

const kind = 'Representee'

export const isForOther = (bound: Bound): bound is Bound & { principalId: string } => bound.principalId !== null

export function createRepresenteeBook(options: {
  artifacts: Artifacts
  representations: Representations
  clock: Clock
  /** Seconds; as long as a grant. */
  lifetime: number
}): RepresenteeBook {
  const { artifacts, representations, clock, lifetime } = options
  const read = (text: string) => boundSchema.parse(JSON.parse(text))

  const restsOn = (bound: Bound, now: Representation['granted']) =>
    now !== undefined &&
    now.relation === bound.relation &&
    bound.mandateIds.every((id) => now.mandates.some((mandate) => mandate.id === id))

  return {
    async bind(grantId, bound) {
      const group = bound.principalId ?? undefined
      await artifacts.put(kind, grantId, JSON.stringify(bound), { ttl: lifetime, group })
    },
    async ofGrant(grantId) {
      const text = await artifacts.get(kind, grantId)
      return text === undefined ? undefined : read(text)
    },
    async ofPrincipal(principalId) {
      const found = await artifacts.listGroup(kind, principalId)
      return found.map(({ id, value }) => ({ grantId: id, bound: read(value) }))
    },
    release: (grantId) => artifacts.remove(kind, grantId),
    async holding(bound) {
      const representation = await representations.find(bound.personId, bound.principalId)
      if (representation?.view.blockedBy === 'unreachable') return { state: 'unreachable' }
      if (!representation || !restsOn(bound, representation.granted)) return { state: 'ended' }
      return { state: 'holds', representation }
    },
    async endedForGood(bound) {
      const representation = await representations.find(bound.personId, bound.principalId)
      if (!representation) return true
      const { affairs, blockedBy } = representation.view
      if (blockedBy !== undefined && blockedBy !== 'unreachable') return true
      const reachable = { ...affairs, principal: { ...affairs.principal, standing: true } }
      return !restsOn(bound, granted(reachable, bound.personId, clock()))
    },
  }
}
