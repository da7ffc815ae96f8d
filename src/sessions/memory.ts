import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { z } from 'zod'
import type { Devices } from '../accounts/devices.ts'
import { requestOf } from '../pages/request-context.ts'
import type { Sessions } from './sessions.ts'

const signInSchema = z.object({
  id: z.string(),
  method: z.string(),
  /** That had a part in it: those of the session that vouched for it as well. */
  methods: z.array(z.string()),
  authenticators: z.array(z.string()),
  /** Of the sign-ins of the person (src/accounts/sign-in-endings.ts) when it was decided. */
  epoch: z.number(),
})

/** A sign-in as the audit trail names it; goes with the result of a login (src/login/host.ts) until that is picked up. */
export type SignIn = z.infer<typeof signInSchema>

/** The sign-in that goes with the result of a login; none of one that only raised a level. */
export const readSignIn = (result: object): SignIn | undefined =>
  signInSchema.safeParse((result as { signIn?: unknown }).signIn).data

const both = (known: readonly string[] = [], added: readonly string[] = []) => [...new Set([...known, ...added])]

/** When a sign-in has made or renewed a session, keeps where that was: people recognise their sessions by it. */
export function rememberSessions({ sessions, devices }: { sessions: Sessions; devices: Devices }): Middleware {
  return async (ctx, next) => {
    await next()
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>
    const { Interaction: interaction, Session: session } = oidc?.entities ?? {}
    if (!interaction?.result?.login || !session?.accountId) return
    const signIn = readSignIn(interaction.result)
    const before = await sessions.about(session.uid)
    const request = requestOf(ctx)
    const { address, browser } = request
    await sessions.remember(session.uid, {
      address,
      browser,
      deviceKey: devices.keyOf(request.device()),
      method: signIn?.method ?? before?.method ?? '',
      methods: both(before?.methods, signIn?.methods),
      authenticators: both(before?.authenticators, signIn?.authenticators),
      signIns: both(before?.signIns, signIn && [signIn.id]),
    })
  }
}
