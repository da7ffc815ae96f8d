import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { passKinds, type Pass } from '../accounts/account-recovery/account-recovery.ts'
import type { RouterContext } from '../login/method.ts'
import { hostCookie } from '../pages/host-cookie.ts'
import { Refusal } from '../refusal/refusal.ts'
import type { Artifacts } from '../storage/artifacts.ts'

export interface RecoveryStateDeps {
  artifacts: Artifacts
  /** Cookies over https only. */
  secure: boolean
}

const kind = 'recovery'
/** Time to choose a new password. */
const openSeconds = 600

const schema = z.object({
  /** Permits one new password; undefined after that. */
  pass: z.object({ personId: z.string(), by: z.enum(passKinds), key: z.string() }).optional(),
  /** The account that was typed, and by which way its person is to be proven. */
  claim: z
    .object({ way: z.string(), who: z.string(), epoch: z.number(), agreed: z.boolean(), back: z.string() })
    .optional(),
  /** Permits to stop one recovery. */
  stop: z.object({ personId: z.string(), key: z.string(), recoveredAt: z.number() }).optional(),
  /** End of the hold after the recovery, and the number of passkeys on hold. */
  heldUntil: z.number().nullable(),
  heldPasskeys: z.number().default(0),
  back: z.string(),
})

/** The recovery of one account in one browser, found by a cookie. */
type RecoveryState = z.input<typeof schema>

const idOf = (cookie: string) => createHash('sha256').update(cookie).digest('base64url')
const cookieName = (secure: boolean) => hostCookie('yideng_recovery', secure)

/** Begins a recovery in this browser: it may choose a new password. */
export const beginRecovery = (deps: RecoveryStateDeps, ctx: RouterContext, pass: Pass, back: string) =>
  beginState(deps, ctx, { pass, heldUntil: null, back })

/** Begins in this browser, in place of an earlier recovery. @returns the id for `storeRecovery` */
export async function beginState(deps: RecoveryStateDeps, ctx: RouterContext, state: RecoveryState): Promise<string> {
  const { secure } = deps
  const cookie = randomBytes(32).toString('base64url')
  const id = idOf(cookie)
  await storeRecovery(deps, id, state)
  const options = { signed: false, httpOnly: true, sameSite: 'lax', secure, overwrite: true } as const
  ctx.cookies.set(cookieName(secure), cookie, options)
  return id
}

export async function storeRecovery({ artifacts }: RecoveryStateDeps, id: string, state: RecoveryState) {
  await artifacts.put(kind, id, JSON.stringify(state), { ttl: openSeconds })
}

/** @throws Refusal `recovery_gone` where no recovery runs in this browser */
export async function readRecovery({ artifacts, secure }: RecoveryStateDeps, ctx: RouterContext) {
  const id = idOf(ctx.cookies.get(cookieName(secure), { signed: false }) ?? '')
  const text = await artifacts.get(kind, id)
  if (text === undefined) throw new Refusal('recovery_gone', 'no recovery in this browser')
  return { id, ...schema.parse(JSON.parse(text)) }
}
