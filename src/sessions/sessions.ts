import { z } from 'zod'
import { isEnded, type EndSignIns, type Ending } from '../accounts/sign-in-endings.ts'
import type { NaturalPerson } from '../accounts/natural-persons.ts'
import type { AuditEvent } from '../audit/audit-events.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import type { Database } from '../storage/database.ts'
import type { Publish } from '../storage/events.ts'
import { ContentionError, retryChange } from '../storage/compare-and-set.ts'
import { hashId } from '../storage/hash-id.ts'
import { revokeGrant } from './revoke-grant.ts'
import { sessionSchema, type Session, type SessionRows, type StoredSession } from './rows.ts'

export type { Session } from './rows.ts'

/** One portal's part of a session that is over. */
export interface LogoutNotice {
  clientId: string
  personId: string
  /** The `sid` the portal knows. */
  sessionId: string
}

/** Tells one portal that a session ended (OIDC Back-Channel Logout 1.0); throws when it could not. */
export type Deliver = (notice: LogoutNotice) => Promise<void>

/** Where a session was begun. Personal data: sealed in the store. */
const aboutSchema = z.object({
  address: z.string(),
  browser: z.string(),
  deviceKey: z.string(),
  /** Login method of the last sign-in. */
  method: z.string().default(''),
  /** Login methods and authenticators of all its sign-ins: whatever is taken away ends the sessions it had a part in. */
  methods: z.array(z.string()).default([]),
  authenticators: z.array(z.string()).default([]),
  /** Every sign-in of this session, as the audit trail names them: signing in again adds one. */
  signIns: z.array(z.string()).default([]),
})

export type SessionAbout = z.infer<typeof aboutSchema>

/** What is taken away: a method, one authenticator of it, or a method with a sign-in that was somebody else's. */
export interface Taken {
  method: string
  authenticator?: string
  signIn?: string
}

function hadPart(about: SessionAbout | undefined, { method, authenticator, signIn }: Taken): boolean {
  if (!about || (signIn !== undefined && about.signIns.includes(signIn))) return true
  // sessions that began with an earlier version know their last method only
  const { methods, authenticators } = about.methods.length > 0 ? about : { ...about, methods: [about.method] }
  if (!methods.includes(method)) return false
  return authenticator === undefined || authenticators.length === 0 || authenticators.includes(authenticator)
}

/** Sign-ins over all portals, as oidc-provider keeps them. */
export interface Sessions {
  find(uid: string): Promise<Session | undefined>
  /** The session a browser's cookie stands for, when somebody is signed in with it. */
  ofCookie(cookie: string): Promise<Session | undefined>
  list(personId: string): Promise<Session[]>
  /** The same, each with where it was begun. */
  listAbout(personId: string): Promise<(Session & { about: SessionAbout | undefined })[]>
  /** Keeps a session that is being used elsewhere from ending because its browser is idle. */
  keepAlive(uid: string): Promise<void>
  /** Keeps where a session was begun, for the person to recognise it by. */
  remember(uid: string, about: SessionAbout): Promise<void>
  about(uid: string): Promise<SessionAbout | undefined>
  /**
   * The open sessions in which what is taken away had no part, and the own one: they stay. A session of which nobody knows how it
   * was begun does not.
   */
  without(personId: string, taken: Taken, own: Session | undefined): Promise<Session[]>
  /** Ends what one portal holds of a session by this grant: its tokens are gone, it is told. */
  leavePortal(left: { uid: string; personId: string; clientId: string; grantId: string }): Promise<void>
  /** Ends all that a portal holds of a person, in every session and beyond; the portal is told. Without one: every portal. */
  revoke(personId: string, clientId?: string): Promise<void>
  /** Ends sign-ins for good, with an entry in the audit trail, and removes what is left of them. */
  end(personId: string, ending: Ending, entry?: AuditEvent): Promise<void>
  /**
   * Removes what counts no more after `endSignIns` was committed: sessions, grants, codes and tokens. Portals are told.
   * May be called again. Returns how many sessions and grants there were.
   */
  removeEnded(personId: string): Promise<number>
}

/** Being used is written down once in so many seconds. */
const touchSeconds = 60
/** A grant of a running request may stand for a moment before its session names it. */
const grantSeconds = 1

const aboutKind = 'SessionAbout'
const aad = (uid: string) => `SessionAbout:${uid}`
const grantSchema = z.object({ grantId: z.string(), clientId: z.string(), iat: z.number().default(0) })
const refreshSchema = z.object({ authTime: z.number().optional(), iat: z.number(), sessionUid: z.string().optional() })
const lastingSchema = z.looseObject({ exp: z.number(), loginTs: z.number() })

export function createSessions(options: {
  rows: SessionRows
  artifacts: Artifacts
  database: Database
  persons: { find(id: string): Promise<Pick<NaturalPerson, 'status' | 'endings'> | undefined> }
  endSignIns: EndSignIns
  audit: Pick<AuditLog, 'append'>
  /** Tells portals that a session is over. */
  deliveries: { send(notices: LogoutNotice[]): Promise<void> }
  cipher: FieldCipher
  publish: Publish
  /** Seconds. */
  lifetime: number
  /** Seconds. */
  idle: number
  clock: Clock
}): Sessions {
  const { rows, artifacts, database, persons, endSignIns, audit, deliveries, cipher, publish, lifetime, idle, clock } =
    options

  const revoke = (grantId: string) => revokeGrant(artifacts, grantId)

  /** Takes one portal out of a session, if it still is there by this grant; gives the `sid` the portal knows. */
  async function takeOut(uid: string, clientId: string, grantId: string): Promise<string | undefined> {
    const taken = await retryChange(async () => {
      const found = await rows.readByUid(uid)
      if (!found) return { sid: undefined }
      const payload = sessionSchema.parse(JSON.parse(found.value))
      const { [clientId]: left, ...authorizations } = payload.authorizations ?? {}
      if (left?.grantId !== grantId) return { sid: undefined }
      const rest = JSON.stringify({ ...payload, authorizations })
      return (await rows.change(found, rest)) ? { sid: left.sid } : undefined
    })
    if (!taken) throw new ContentionError('a session')
    return taken.sid
  }

  async function remove({ session: { uid, personId }, ...found }: StoredSession): Promise<void> {
    const last = await rows.remove(uid)
    await artifacts.remove(aboutKind, uid)
    const portals = last?.portals ?? found.portals
    await Promise.all(portals.flatMap(({ grantId }) => (grantId === undefined ? [] : [revoke(grantId)])))
    await deliveries.send(
      portals.flatMap(({ clientId, sid }) => (sid === undefined ? [] : [{ clientId, personId, sessionId: sid }])),
    )
  }

  async function list(personId: string): Promise<Session[]> {
    const all = await rows.ofPerson(personId)
    const open = await Promise.all(
      all.map(async ({ session }) => {
        const { uid, personId: accountId, signedInAt: loginTs } = session
        return (await rows.counts({ uid, accountId, loginTs })) ? [session] : []
      }),
    )
    return open.flat()
  }

  async function about(uid: string) {
    const sealed = await artifacts.get(aboutKind, uid)
    return sealed === undefined ? undefined : aboutSchema.parse(JSON.parse(cipher.open(sealed, aad(uid))))
  }

  async function listAbout(personId: string) {
    const sessions = await list(personId)
    return Promise.all(sessions.map(async (session) => ({ ...session, about: await about(session.uid) })))
  }

  const grantsOf = async (personId: string) =>
    (await artifacts.listGroup('Grant', personId)).map(({ value }) => grantSchema.parse(JSON.parse(value)))

  async function leavePortal({ uid, personId, clientId, grantId }: Parameters<Sessions['leavePortal']>[0]) {
    await revoke(grantId)
    const sid = await takeOut(uid, clientId, grantId)
    if (sid !== undefined) await deliveries.send([{ clientId, personId, sessionId: sid }])
  }

  async function removeEnded(personId: string): Promise<number> {
    publish('person', personId)
    const person = await persons.find(personId)
    const isOver = (at: number, sessionUid: string | undefined) =>
      person?.status !== 'active' || isEnded(person.endings, { at, sessionUid })

    // grants first: one that is made meanwhile belongs to a session
    const grants = await grantsOf(personId)
    const sessions = await rows.ofPerson(personId)
    const over = sessions.filter(({ session }) => isOver(session.signedInAt, session.uid))
    await Promise.all(over.map(remove))

    const named = new Set(sessions.flatMap(({ portals }) => portals.map(({ grantId }) => grantId)))
    const settled = clock() / 1000 - grantSeconds
    const loose = grants.filter(
      ({ grantId, iat }) => !named.has(grantId) && (iat < settled || person?.status !== 'active'),
    )
    const ended = await Promise.all(loose.map(async ({ grantId }) => !(await isRefreshed(grantId, isOver)) && grantId))
    const gone = ended.filter((grantId) => grantId !== false)
    await Promise.all(gone.map(revoke))
    return over.length + gone.length
  }

  /** Whether a grant that no session names any more goes on by a refresh token of a sign-in that still counts. */
  async function isRefreshed(grantId: string, isOver: (at: number, sessionUid: string | undefined) => boolean) {
    const tokens = await artifacts.listGroup('RefreshToken', grantId)
    return tokens.some(({ value }) => {
      const { authTime, iat, sessionUid } = refreshSchema.parse(JSON.parse(value))
      return !isOver(authTime ?? iat, sessionUid)
    })
  }

  return {
    leavePortal,
    removeEnded,
    async revoke(personId, only) {
      const wanted = (clientId: string | undefined) => only === undefined || clientId === only
      for (const { session, portals } of await rows.ofPerson(personId)) {
        for (const { clientId, grantId } of portals) {
          if (grantId !== undefined && wanted(clientId))
            await leavePortal({ uid: session.uid, personId, clientId, grantId })
        }
      }
      for (const { grantId, clientId } of await grantsOf(personId)) {
        if (wanted(clientId)) await revoke(grantId)
      }
    },
    find: async (uid) => (await rows.readByUid(uid))?.session,
    ofCookie: async (cookie) => (await rows.read(hashId(cookie)))?.session,
    list,
    listAbout,
    async without(personId, taken, own) {
      const all = await listAbout(personId)
      return all.filter((session) => session.uid === own?.uid || !hadPart(session.about, taken))
    },
    async keepAlive(uid) {
      const found = await rows.readByUid(uid)
      if (!found) return
      const payload = lastingSchema.parse(JSON.parse(found.value))
      const now = Math.floor(clock() / 1000)
      const ttl = Math.min(idle, payload.loginTs + lifetime - now)
      if (now + ttl - payload.exp < touchSeconds) return
      // who was faster has used it as well
      const value = JSON.stringify({ ...payload, exp: now + ttl })
      await rows.change(found, value, ttl)
    },
    async remember(uid, where) {
      const sealed = cipher.seal(JSON.stringify(where), aad(uid))
      await artifacts.put(aboutKind, uid, sealed, { ttl: lifetime })
    },
    about,
    async end(personId, ending, entry) {
      await database.transaction().execute(async (transaction) => {
        await endSignIns(transaction, personId, ending)
        if (entry) await audit.append(transaction, entry)
      })
      await removeEnded(personId)
    },
  }
}
