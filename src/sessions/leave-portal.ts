import { ContentionError, retryChange } from '../storage/compare-and-set.ts'
import { grantsOf, type RemoveEndedDeps } from './remove-ended.ts'
import { revokeGrant } from './revoke-grant.ts'
import { sessionSchema, type SessionRows } from './rows.ts'

/** The part of one session that belongs to one portal. */
export interface PortalSession {
  uid: string
  personId: string
  clientId: string
  grantId: string
}

type LeaveDeps = Pick<RemoveEndedDeps, 'rows' | 'artifacts' | 'deliveries'>

/** Ends the tokens of a portal in one session, and notifies the portal. */
export async function leavePortal({ rows, artifacts, deliveries }: LeaveDeps, left: PortalSession): Promise<void> {
  await revokeGrant(artifacts, left.grantId)
  const sid = await takeOut(rows, left)
  if (sid !== undefined) {
    await deliveries.send([{ clientId: left.clientId, personId: left.personId, sessionId: sid }])
  }
}

/** Ends the tokens of one portal, or of all portals, in every session of a person and outside sessions. */
export async function revokePortals(deps: LeaveDeps, personId: string, only: string | undefined): Promise<void> {
  const wanted = (clientId: string | undefined) => only === undefined || clientId === only
  for (const { session, portals } of await deps.rows.ofPerson(personId)) {
    for (const { clientId, grantId } of portals) {
      if (grantId !== undefined && wanted(clientId))
        await leavePortal(deps, { uid: session.uid, personId, clientId, grantId })
    }
  }
  for (const { grantId, clientId } of await grantsOf(deps.artifacts, personId)) {
    if (wanted(clientId)) await revokeGrant(deps.artifacts, grantId)
  }
}

/**
 * Removes a portal from a session, if the session still has this grant.
 * @returns the `sid` that the portal knows
 * @throws ContentionError when other requests change the session at every try
 */
async function takeOut(rows: SessionRows, { uid, clientId, grantId }: PortalSession): Promise<string | undefined> {
  const taken = await retryChange(async () => {
    const found = await rows.readByUid(uid)
    if (!found) return { sid: undefined }
    const payload = sessionSchema.parse(JSON.parse(found.value))
    const { [clientId]: left, ...authorizations } = payload.authorizations ?? {}
    if (left?.grantId !== grantId) return { sid: undefined }
    const changed = await rows.change(found, JSON.stringify({ ...payload, authorizations }))
    return changed ? { sid: left.sid } : undefined
  })
  if (!taken) throw new ContentionError('a session')
  return taken.sid
}
