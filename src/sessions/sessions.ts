import { z } from 'zod'
import type { EndSignIns, Ending } from '../accounts/sign-in-endings.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import type { Database } from '../storage/database.ts'
import { hashId } from '../storage/hash-id.ts'
import {
  dependsOn,
  findOrigin,
  putOrigin,
  type SessionOriginDeps,
  type SessionOrigin,
  type Taken,
} from './session-origin.ts'
import { leavePortal, revokePortals, type PortalSession } from './leave-portal.ts'
import { removeEnded, type RemoveEndedDeps } from './remove-ended.ts'
import type { Session } from './rows.ts'

export type { SessionOrigin, Taken } from './session-origin.ts'
export type { Deliver, LogoutNotice } from './logout-notice.ts'
export type { Session } from './rows.ts'

/** Sign-ins over all portals. oidc-provider stores one session for each. */
export interface Sessions {
  find(uid: string): Promise<Session | undefined>
  /** The session of a browser's cookie, when a person is signed in with it. */
  ofCookie(cookie: string): Promise<Session | undefined>
  list(personId: string): Promise<Session[]>
  /** The same, each with its origin. */
  listWithOrigins(personId: string): Promise<(Session & { origin: SessionOrigin | undefined })[]>
  /** Extends a session that another program uses, so that it does not end while its browser is idle. */
  keepAlive(uid: string): Promise<void>
  /** Stores the origin of a session. People recognise their sessions by it. */
  remember(uid: string, origin: SessionOrigin): Promise<void>
  origin(uid: string): Promise<SessionOrigin | undefined>
  /** The open sessions that do not depend on the removed method or authenticator. The own session is always included. */
  without(personId: string, taken: Taken, own: Session | undefined): Promise<Session[]>
  /** Ends the tokens of a portal in one session, and notifies the portal. */
  leavePortal(left: PortalSession): Promise<void>
  /** Ends all tokens of a portal for a person, and notifies it. Without `clientId`: of every portal. */
  revoke(personId: string, clientId?: string): Promise<void>
  /** Ends sign-ins for good, with an entry in the audit log. Removes their sessions, grants and tokens. */
  end(personId: string, ending: Ending, entry?: AuditEvent): Promise<void>
  /**
   * Removes what `endSignIns` has ended: sessions, grants, codes and tokens. Notifies portals. May be repeated.
   * @returns how many sessions and grants it removed
   */
  removeEnded(personId: string): Promise<number>
}

export interface SessionsDeps extends RemoveEndedDeps, SessionOriginDeps {
  database: Database
  endSignIns: EndSignIns
  audit: Pick<AuditLog, 'append'>
  /** Seconds. */
  idle: number
}

export function createSessions(deps: SessionsDeps): Sessions {
  const { rows } = deps
  return {
    find: async (uid) => (await rows.readByUid(uid))?.session,
    ofCookie: async (cookie) => (await rows.read(hashId(cookie)))?.session,
    list: (personId) => list(deps, personId),
    listWithOrigins: (personId) => listWithOrigins(deps, personId),
    keepAlive: (uid) => keepAlive(deps, uid),
    remember: (uid, origin) => putOrigin(deps, uid, origin),
    origin: (uid) => findOrigin(deps, uid),
    async without(personId, taken, own) {
      const all = await listWithOrigins(deps, personId)
      return all.filter((session) => session.uid === own?.uid || !dependsOn(session.origin, taken))
    },
    leavePortal: (left) => leavePortal(deps, left),
    revoke: (personId, clientId) => revokePortals(deps, personId, clientId),
    async end(personId, ending, entry) {
      await deps.database.transaction().execute(async (transaction) => {
        await deps.endSignIns(transaction, personId, ending)
        if (entry) await deps.audit.append(transaction, entry)
      })
      await removeEnded(deps, personId)
    },
    removeEnded: (personId) => removeEnded(deps, personId),
  }
}

async function list({ rows }: SessionsDeps, personId: string): Promise<Session[]> {
  const all = await rows.ofPerson(personId)
  const open = await Promise.all(
    all.map(async ({ session }) => {
      const { uid, personId: accountId, signedInAt: loginTs } = session
      return (await rows.counts({ uid, accountId, loginTs })) ? [session] : []
    }),
  )
  return open.flat()
}

async function listWithOrigins(deps: SessionsDeps, personId: string) {
  const sessions = await list(deps, personId)
  return Promise.all(sessions.map(async (session) => ({ ...session, origin: await findOrigin(deps, session.uid) })))
}

/** A session's use is written once in this time. */
const touchSeconds = 60

const expiringSchema = z.looseObject({ exp: z.number(), loginTs: z.number() })

async function keepAlive({ rows, clock, idle, lifetime }: SessionsDeps, uid: string): Promise<void> {
  const found = await rows.readByUid(uid)
  if (!found) return
  const payload = expiringSchema.parse(JSON.parse(found.value))
  const now = Math.floor(clock() / 1000)
  const ttl = Math.min(idle, payload.loginTs + lifetime - now)
  if (now + ttl - payload.exp < touchSeconds) return
  // if another request was faster, it has extended the session too
  await rows.change(found, JSON.stringify({ ...payload, exp: now + ttl }), ttl)
}
