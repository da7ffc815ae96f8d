import { z } from 'zod'
import type { NaturalPerson } from '../accounts/natural-persons.ts'
import { isEnded } from '../accounts/sign-in-endings.ts'
import type { Clock } from '../config/clock.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Publish } from '../storage/events.ts'
import { removeOrigin } from './session-origin.ts'
import type { LogoutNotice } from './logout-notice.ts'
import { revokeGrant } from './revoke-grant.ts'
import type { SessionRows, StoredSession } from './rows.ts'

export interface RemoveEndedDeps {
  rows: SessionRows
  artifacts: Artifacts
  persons: { find(id: string): Promise<Pick<NaturalPerson, 'status' | 'endings'> | undefined> }
  /** Notifies portals that a session has ended. */
  deliveries: { send(notices: LogoutNotice[]): Promise<void> }
  publish: Publish
  clock: Clock
}

/** A request stores its grant up to this time before its session names the grant. */
const grantSeconds = 1

const grantSchema = z.object({ grantId: z.string(), clientId: z.string(), iat: z.number().default(0) })
const refreshSchema = z.object({ authTime: z.number().optional(), iat: z.number(), sessionUid: z.string().optional() })

export type StoredGrant = z.infer<typeof grantSchema>

export const grantsOf = async (artifacts: Artifacts, personId: string): Promise<StoredGrant[]> =>
  (await artifacts.listGroup('Grant', personId)).map(({ value }) => grantSchema.parse(JSON.parse(value)))

/** Whether a sign-in has ended. @param at seconds since 1970 UTC */
type IsOver = (at: number, sessionUid: string | undefined) => boolean

/**
 * Removes sessions, grants, codes and tokens of sign-ins that have ended, and notifies the portals.
 * @returns how many sessions and grants it removed
 */
export async function removeEnded(deps: RemoveEndedDeps, personId: string): Promise<number> {
  const { rows, artifacts, persons, publish, clock } = deps
  publish('person', personId)
  const person = await persons.find(personId)
  const isActive = person?.status === 'active'
  const isOver: IsOver = (at, sessionUid) => !isActive || isEnded(person.endings, { at, sessionUid })

  // grants first: a grant that another request makes now belongs to a session, which is read later
  const grants = await grantsOf(artifacts, personId)
  const sessions = await rows.ofPerson(personId)
  const over = sessions.filter(({ session }) => isOver(session.signedInAt, session.uid))
  await Promise.all(over.map((stored) => removeSession(deps, stored)))

  const named = new Set(sessions.flatMap(({ portals }) => portals.map(({ grantId }) => grantId)))
  const settled = clock() / 1000 - grantSeconds
  const loose = grants.filter(({ grantId, iat }) => !named.has(grantId) && (iat < settled || !isActive))
  const ended = await Promise.all(loose.map(async (grant) => !(await isRefreshed(artifacts, grant, isOver))))
  const gone = loose.filter((_grant, index) => ended[index])
  await Promise.all(gone.map(({ grantId }) => revokeGrant(artifacts, grantId)))
  return over.length + gone.length
}

async function removeSession(deps: RemoveEndedDeps, { session, ...found }: StoredSession): Promise<void> {
  const { rows, artifacts, deliveries } = deps
  const { uid, personId } = session
  const last = await rows.remove(uid)
  await removeOrigin(deps, uid)
  const portals = last?.portals ?? found.portals
  await Promise.all(portals.flatMap(({ grantId }) => (grantId === undefined ? [] : [revokeGrant(artifacts, grantId)])))
  // another request, or the job of endings, has removed it and tells its portals
  if (!last) return
  await deliveries.send(
    portals.flatMap(({ clientId, sid }) => (sid === undefined ? [] : [{ clientId, personId, sessionId: sid }])),
  )
}

/** Whether a refresh token of a sign-in that has not ended still uses a grant that no session names. */
async function isRefreshed(artifacts: Artifacts, { grantId }: StoredGrant, isOver: IsOver): Promise<boolean> {
  const tokens = await artifacts.listGroup('RefreshToken', grantId)
  return tokens.some(({ value }) => {
    const { authTime, iat, sessionUid } = refreshSchema.parse(JSON.parse(value))
    return !isOver(authTime ?? iat, sessionUid)
  })
}
