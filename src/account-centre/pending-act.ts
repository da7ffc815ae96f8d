import { z } from 'zod'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { redirectTo } from '../pages/redirect.ts'
import { Refusal } from '../refusal/refusal.ts'
import { holderOf, sessionMemory, type SessionMemoryDeps } from './session-memory.ts'

const pendingSeconds = 300
const signedKind = 'mandate-signed'
const signedSeconds = 3600

const offering = z.object({
  id: z.string(),
  role: z.enum(['manager', 'handler', 'helper']),
  matters: z.array(z.string()).readonly(),
  notBefore: z.number(),
  expiresAt: z.number(),
  invitee: z.object({ name: z.string(), key: z.string(), needsCode: z.boolean() }),
  invitedId: z.string().optional(),
})

const mandate = z.object({
  id: z.string(),
  principalId: z.string(),
  personId: z.string().nullable(),
  role: z.enum(['manager', 'handler', 'helper']),
  matters: z.array(z.string()).readonly(),
  notBefore: z.number(),
  expiresAt: z.number(),
  grantedBy: z.string(),
  parentId: z.string().nullable(),
  state: z.enum(['offered', 'active', 'suspended', 'ended']),
})

const pendingSchema = z.object({
  text: z.string(),
  act: z.discriminatedUnion('type', [
    z.object({ type: z.literal('offer'), principalId: z.string(), offering }),
    z.object({ type: z.literal('accept'), id: z.string() }),
    z.object({ type: z.literal('confirm'), id: z.string() }),
    z.object({ type: z.literal('regrant'), before: z.array(mandate), ids: z.array(z.string()) }),
  ]),
})

/** An act on a mandate that waits for the person's signature, and the text that they sign. */
export type PendingAct = z.infer<typeof pendingSchema>

const pendingActs = sessionMemory('mandate-signing', pendingSchema, pendingSeconds)

/** Stores the act for this session, sealed; it replaces the one before. */
export async function storePending(deps: SessionMemoryDeps, account: AccountContext, pending: PendingAct) {
  await deps.artifacts.remove(signedKind, holderOf(account))
  await pendingActs.put(deps, account, pending)
}

/** @throws Refusal `login_expired` where no act waits for this session's signature */
export async function readPending(deps: SessionMemoryDeps, account: AccountContext): Promise<PendingAct> {
  const pending = await pendingActs.read(deps, account)
  if (!pending) throw new Refusal('login_expired', 'no act waits for a signature')
  return pending
}

export const removePending = (deps: SessionMemoryDeps, account: AccountContext) => pendingActs.remove(deps, account)

/** Remembers where the signed act led, for its form sent again and for Back. */
export async function rememberSigned({ artifacts }: SessionMemoryDeps, ctx: RouterContext, account: AccountContext) {
  const location = ctx.response.get('location')
  if (ctx.status === 303) await artifacts.put(signedKind, holderOf(account), location, { ttl: signedSeconds })
}

/** Leads there. False where an act waits, or none was signed. */
export async function leadWhereSigned({ artifacts }: SessionMemoryDeps, ctx: RouterContext, account: AccountContext) {
  const location = await artifacts.get(signedKind, holderOf(account))
  if (location !== undefined) redirectTo(ctx, location)
  return location !== undefined
}
