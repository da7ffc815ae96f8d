import { z } from 'zod'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { AccountContext, RouterContext } from '../login/method.ts'
import { redirectTo } from '../pages/redirect.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'

export interface PendingActDeps {
  artifacts: Artifacts
  cipher: FieldCipher
}

const kind = 'mandate-signing'
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

const holderOf = ({ session, person }: AccountContext) => `${session.uid} ${person.id}`
const aadOf = (holder: string) => `${kind}:${holder}`

/** Stores the act for this session, sealed; it replaces the one before. */
export async function storePending(
  { artifacts, cipher }: PendingActDeps,
  account: AccountContext,
  pending: PendingAct,
) {
  const holder = holderOf(account)
  const sealed = cipher.seal(JSON.stringify(pending), aadOf(holder))
  await artifacts.remove(signedKind, holder)
  await artifacts.put(kind, holder, sealed, { ttl: pendingSeconds })
}

/** @throws Refusal `login_expired` where no act waits for this session's signature */
export async function readPending({ artifacts, cipher }: PendingActDeps, account: AccountContext): Promise<PendingAct> {
  const holder = holderOf(account)
  const sealed = await artifacts.get(kind, holder)
  if (sealed === undefined) throw new Refusal('login_expired', 'no act waits for a signature')
  return pendingSchema.parse(JSON.parse(cipher.open(sealed, aadOf(holder))))
}

export const removePending = ({ artifacts }: PendingActDeps, account: AccountContext) =>
  artifacts.remove(kind, holderOf(account))

/** Remembers where the signed act led, for its form sent again and for Back. */
export async function rememberSigned({ artifacts }: PendingActDeps, ctx: RouterContext, account: AccountContext) {
  const location = ctx.response.get('location')
  if (ctx.status === 303) await artifacts.put(signedKind, holderOf(account), location, { ttl: signedSeconds })
}

/** Leads there. False where an act waits, or none was signed. */
export async function leadWhereSigned({ artifacts }: PendingActDeps, ctx: RouterContext, account: AccountContext) {
  const location = await artifacts.get(signedKind, holderOf(account))
  if (location !== undefined) redirectTo(ctx, location)
  return location !== undefined
}
