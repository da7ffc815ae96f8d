import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { z } from 'zod'
import type { Devices } from '../accounts/devices.ts'
import { visitOf } from '../pages/visit.ts'
import type { Sessions } from './sessions.ts'

const signInSchema = z.object({ id: z.string(), method: z.string() })

/** A sign-in as the audit trail names it; goes with the result of a login (src/login/host.ts). */
export type SignIn = z.infer<typeof signInSchema>

/** When a sign-in has made or renewed a session, keeps where that was: people recognise their sessions by it. */
export function rememberSessions({ sessions, devices }: { sessions: Sessions; devices: Devices }): Middleware {
  return async (ctx, next) => {
    await next()
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>
    const { Interaction: interaction, Session: session } = oidc?.entities ?? {}
    if (!interaction?.result?.login || !session?.accountId) return
    const signIn = signInSchema.safeParse(interaction.result['signIn']).data
    const before = await sessions.about(session.uid)
    const visit = visitOf(ctx)
    const { address, browser } = visit
    await sessions.remember(session.uid, {
      address,
      browser,
      deviceKey: devices.keyOf(visit.device()),
      method: signIn?.method ?? before?.method ?? '',
      signIns: [...new Set([...(before?.signIns ?? []), ...(signIn ? [signIn.id] : [])])],
    })
  }
}
