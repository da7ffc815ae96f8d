import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Devices } from '../accounts/devices.ts'
import { visitOf } from '../pages/visit.ts'
import type { Sessions } from './sessions.ts'

/** When a sign-in has made or renewed a session, keeps where that was: people recognise their sessions by it. */
export function rememberSessions({ sessions, devices }: { sessions: Sessions; devices: Devices }): Middleware {
  return async (ctx, next) => {
    await next()
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC>
    const { Interaction: interaction, Session: session } = oidc?.entities ?? {}
    if (!interaction?.result?.login || !session?.accountId) return
    const visit = visitOf(ctx)
    const { address, browser } = visit
    await sessions.remember(session.uid, { address, browser, deviceKey: devices.keyOf(visit.device()) })
  }
}
