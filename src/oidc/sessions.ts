import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Artifacts } from '../storage/artifacts.ts'
import type { LogoutDeliveries } from './logout-deliveries.ts'

const sessionSchema = z.object({
  accountId: z.string().optional(),
  loginTs: z.number().optional(),
  authorizations: z
    .record(z.string(), z.object({ sid: z.string().optional(), grantId: z.string().optional() }))
    .optional(),
})

/** Sign-ins over all portals, as oidc-provider keeps them. */
export interface Sessions {
  /** Seconds since 1970 UTC when the person of this session signed in. */
  signedInAt(uid: string): Promise<number | undefined>
  /** Ends a session: its tokens are gone, its portals are told. */
  end(uid: string): Promise<void>
}

export function createSessions(artifacts: Artifacts, deliveries: LogoutDeliveries): Sessions {
  const find = async (uid: string) => {
    const found = await artifacts.getByAlias('Session', uid)
    return found && { key: found.id, ...sessionSchema.parse(JSON.parse(found.value)) }
  }

  const revoke = async (grantId: string) => {
    const kinds = ['AccessToken', 'RefreshToken', 'AuthorizationCode']
    await Promise.all(kinds.map((kind) => artifacts.removeGroup(kind, grantId)))
    await artifacts.remove('Grant', hash('sha256', grantId, 'base64url'))
  }

  return {
    signedInAt: async (uid) => (await find(uid))?.loginTs,
    async end(uid) {
      const session = await find(uid)
      if (!session) return
      await artifacts.remove('Session', session.key)
      const visited = Object.entries(session.authorizations ?? {})
      const grants = visited.flatMap(([, { grantId }]) => (grantId === undefined ? [] : [grantId]))
      await Promise.all(grants.map(revoke))
      const { accountId: personId } = session
      if (personId === undefined) return
      await deliveries.send(
        visited.flatMap(([clientId, { sid }]) => (sid === undefined ? [] : [{ clientId, personId, sessionId: sid }])),
      )
    },
  }
}
