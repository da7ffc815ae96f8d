import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { z } from 'zod'
import type { Devices } from '../accounts/devices.ts'
import { requestOf } from '../pages/request-context.ts'
import type { Sessions } from './sessions.ts'
import type { UpstreamSessions } from './upstream-sessions.ts'

const signInRecordSchema = z.object({
  id: z.string(),
  method: z.string(),
  /** All login methods of this sign-in, with those of the session that vouched for it. */
  methods: z.array(z.string()),
  authenticators: z.array(z.string()),
  /** The person's epoch (src/accounts/sign-in-endings.ts) at the time of the proof. */
  epoch: z.number(),
  /** The session at an upstream that vouched for it, sealed (upstream-sessions.ts). */
  upstream: z.string().optional(),
})

/** A sign-in, with its id in the audit log. It is part of the login's result (src/login/host.ts) until that is used. */
export type SignInRecord = z.infer<typeof signInRecordSchema>

/** The sign-in in the result of a login. Undefined for a login that only raised a level. */
export const readSignInRecord = (result: object): SignInRecord | undefined =>
  signInRecordSchema.safeParse((result as { signIn?: unknown }).signIn).data

const union = (known: readonly string[] = [], added: readonly string[] = []) => [...new Set([...known, ...added])]

export interface OriginDeps {
  sessions: Sessions
  devices: Devices
  upstreamSessions: UpstreamSessions
}

/** Stores the origin of each session that a sign-in began or renewed. People recognise their sessions by it. */
export function rememberOrigin({ sessions, devices, upstreamSessions }: OriginDeps): Middleware {
  return async (ctx, next) => {
    await next()
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>
    const { Interaction: interaction, Session: session } = oidc?.entities ?? {}
    if (!interaction?.result?.login || !session?.accountId) return
    const signIn = readSignInRecord(interaction.result)
    const before = await sessions.origin(session.uid)
    const upstream = signIn?.upstream === undefined ? undefined : upstreamSessions.open(signIn.upstream)
    const request = requestOf(ctx)
    const { address, browser } = request
    await sessions.remember(session.uid, {
      address,
      browser,
      deviceKey: devices.keyOf(request.device()),
      method: signIn?.method ?? before?.method ?? '',
      methods: union(before?.methods, signIn?.methods),
      authenticators: union(before?.authenticators, signIn?.authenticators),
      signIns: union(before?.signIns, signIn && [signIn.id]),
      upstream: upstream ? { id: upstream.upstream, idToken: upstream.idToken } : before?.upstream,
    })
    if (upstream) await upstreamSessions.began(session.uid, session.accountId, upstream)
  }
}
