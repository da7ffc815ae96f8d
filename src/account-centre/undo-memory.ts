import { z } from 'zod'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { sessionMemory, type SessionMemoryDeps } from './session-memory.ts'

const undoSeconds = 600

const mandateRow = z.object({
  id: z.string(),
  principal_id: z.string(),
  person_id: z.string().nullable(),
  role: z.enum(['manager', 'handler', 'helper']),
  matters: z.string(),
  not_before: z.number(),
  expires_at: z.number(),
  granted_by: z.string(),
  parent_id: z.string().nullable(),
  state: z.enum(['offered', 'active', 'suspended', 'ended']),
  invitee_key: z.string().nullable(),
})

const lostSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('device'),
    device: z.object({ key: z.string(), browser: z.string(), firstSeenAt: z.number(), lastSeenAt: z.number() }),
  }),
  z.object({
    type: z.literal('consent'),
    clientId: z.string(),
    granted: z.object({
      scopes: z.array(z.string()),
      claims: z.array(z.string()),
      resources: z.record(z.string(), z.array(z.string())),
    }),
  }),
  z.object({
    type: z.literal('mandate'),
    /** Name of the holder, or of the invitee. */
    name: z.string(),
    /** The invitee must type digits that the giver passes on. */
    byCode: z.boolean(),
    /** The mandate, then those under it, as they were. */
    rows: z.array(mandateRow),
  }),
])

/** What a person took away, as it was: enough to give it back. */
export type Lost = z.infer<typeof lostSchema>
type LostOf<Type extends Lost['type']> = Extract<Lost, { type: Type }>

const losses = sessionMemory('undo', lostSchema, undoSeconds)

/** Keeps, sealed and for ten minutes, what this session took away; `id` names it in the address of the next page. */
export const rememberLost = (deps: SessionMemoryDeps, account: AccountContext, id: string, lost: Lost): Promise<void> =>
  losses.put(deps, account, lost, id)

/** What this session took away under this id; undefined after ten minutes, and once it was given back. */
export async function lostUnder<Type extends Lost['type']>(
  deps: SessionMemoryDeps,
  account: AccountContext,
  id: string,
  type: Type,
): Promise<LostOf<Type> | undefined> {
  const lost = await losses.read(deps, account, id)
  return lost?.type === type ? (lost as LostOf<Type>) : undefined
}

export const forgetLost = (deps: SessionMemoryDeps, account: AccountContext, id: string): Promise<void> =>
  losses.remove(deps, account, id)

/** The id in the address of the page after a loss; empty for none. */
export function lostIdOf(ctx: RouterContext): string {
  const { undo } = ctx.query
  return typeof undo === 'string' && /^[\w-]{1,100}$/.test(undo) ? undo : ''
}
