import { z } from 'zod'
import { levelOf, type Level } from '../assurance/levels.ts'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { keptId } from '../storage/kept-id.ts'
import type { LogoutDeliveries } from './logout-deliveries.ts'
import { revokeGrant } from './revoke-grant.ts'

const sessionSchema = z.object({
  uid: z.string(),
  accountId: z.string().optional(),
  loginTs: z.number().optional(),
  acr: z.string().optional(),
  amr: z.array(z.string()).optional(),
  authorizations: z
    .record(z.string(), z.looseObject({ sid: z.string().optional(), grantId: z.string().optional() }))
    .optional(),
})

const grantSchema = z.object({ grantId: z.string(), clientId: z.string() })
const lastingSchema = z.looseObject({ exp: z.number(), loginTs: z.number() })

/** Where a session was begun. Personal data: sealed in the store. */
const aboutSchema = z.object({
  address: z.string(),
  browser: z.string(),
  deviceKey: z.string(),
  /** Login method of the last sign-in. */
  method: z.string().default(''),
  /** Every sign-in of this session, as the audit trail names them: signing in again adds one. */
  signIns: z.array(z.string()).default([]),
})

export type SessionAbout = z.infer<typeof aboutSchema>

/** One sign-in over all portals. */
export interface Session {
  uid: string
  personId: string
  /** Seconds since 1970 UTC. */
  signedInAt: number
  amr: string[]
  level: Level
  /** Portals entered with it. */
  clientIds: string[]
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
  /** Ends what one portal holds of a session by this grant: its tokens are gone, it is told. */
  leavePortal(left: { uid: string; personId: string; clientId: string; grantId: string }): Promise<void>
  /** Ends all that a portal holds of a person, in every session and beyond; the portal is told. Without one: every portal. */
  revoke(personId: string, clientId?: string): Promise<void>
  /** Ends what portals still hold of sessions that are over: a refresh token may outlive the session it began in. */
  revokeLeftOver(personId: string): Promise<void>
  /** Ends a session: its tokens are gone, its portals are told. */
  end(uid: string): Promise<void>
  /** Ends every session of a person, but for one where `except` is given. */
  endAll(personId: string, except?: string): Promise<void>
}

/** Being used is written down once in so many seconds. */
const touchSeconds = 60

const aboutKind = 'SessionAbout'
const place = (uid: string) => `SessionAbout:${uid}`

export function createSessions(options: {
  artifacts: Artifacts
  deliveries: LogoutDeliveries
  cipher: FieldCipher
  /** Seconds. */
  lifetime: number
  /** Seconds. */
  idle: number
  clock: Clock
}): Sessions {
  const { artifacts, deliveries, cipher, lifetime, idle, clock } = options

  const read = (value: string) => {
    const payload = sessionSchema.parse(JSON.parse(value))
    const { accountId: personId, loginTs: signedInAt, amr = [], uid, acr, authorizations = {} } = payload
    if (personId === undefined || signedInAt === undefined) return undefined
    const session: Session = {
      uid,
      personId,
      signedInAt,
      amr,
      level: levelOf(acr) ?? 2,
      clientIds: Object.keys(authorizations),
    }
    return { session, authorizations }
  }

  const revoke = (grantId: string) => revokeGrant(artifacts, grantId)

  /** Takes one portal out of a session, if it still is there by this grant; gives the `sid` the portal knows. */
  async function takeOut(uid: string, clientId: string, grantId: string): Promise<string | undefined> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const found = await artifacts.getByAlias('Session', uid)
      if (!found) return undefined
      const payload = z.looseObject(sessionSchema.shape).parse(JSON.parse(found.value))
      const { [clientId]: left, ...authorizations } = payload.authorizations ?? {}
      if (left?.grantId !== grantId) return undefined
      const rest = JSON.stringify({ ...payload, authorizations })
      if (await artifacts.compareAndSet('Session', found.id, found.value, rest)) return left.sid
    }
    throw new Error('the session is changed all the time')
  }

  async function end(uid: string) {
    const found = await artifacts.getByAlias('Session', uid)
    if (!found) return
    const known = read(found.value)
    await artifacts.remove('Session', found.id)
    await artifacts.remove(aboutKind, uid)
    if (!known) return
    const { session, authorizations } = known
    const visited = Object.entries(authorizations)
    const grants = visited.flatMap(([, { grantId }]) => (grantId === undefined ? [] : [grantId]))
    await Promise.all(grants.map(revoke))
    await deliveries.send(
      visited.flatMap(([clientId, { sid }]) =>
        sid === undefined ? [] : [{ clientId, personId: session.personId, sessionId: sid }],
      ),
    )
  }

  async function list(personId: string) {
    const found = await artifacts.listGroup('Session', personId)
    return found.flatMap(({ value }) => read(value)?.session ?? [])
  }

  async function about(uid: string) {
    const sealed = await artifacts.get(aboutKind, uid)
    return sealed === undefined ? undefined : aboutSchema.parse(JSON.parse(cipher.open(sealed, place(uid))))
  }

  const grantsOf = async (personId: string) =>
    (await artifacts.listGroup('Grant', personId)).map(({ value }) => grantSchema.parse(JSON.parse(value)))

  async function leavePortal({ uid, personId, clientId, grantId }: Parameters<Sessions['leavePortal']>[0]) {
    await revoke(grantId)
    const sid = await takeOut(uid, clientId, grantId)
    if (sid !== undefined) await deliveries.send([{ clientId, personId, sessionId: sid }])
  }

  return {
    leavePortal,
    async revoke(personId, only) {
      const wanted = (clientId: string | undefined) => only === undefined || clientId === only
      for (const { value } of await artifacts.listGroup('Session', personId)) {
        const { uid, authorizations = {} } = sessionSchema.parse(JSON.parse(value))
        for (const [clientId, { grantId }] of Object.entries(authorizations)) {
          if (grantId !== undefined && wanted(clientId)) await leavePortal({ uid, personId, clientId, grantId })
        }
      }
      for (const { grantId, clientId } of await grantsOf(personId)) {
        if (wanted(clientId)) await revoke(grantId)
      }
    },
    async revokeLeftOver(personId) {
      // grants first: one that is made meanwhile belongs to a session
      const grants = await grantsOf(personId)
      const sessions = await artifacts.listGroup('Session', personId)
      const open = new Set(
        sessions.flatMap(({ value }) =>
          Object.values(sessionSchema.parse(JSON.parse(value)).authorizations ?? {}).map(({ grantId }) => grantId),
        ),
      )
      const leftOver = grants.filter(({ grantId }) => !open.has(grantId))
      await Promise.all(leftOver.map(({ grantId }) => revoke(grantId)))
    },
    async find(uid) {
      const found = await artifacts.getByAlias('Session', uid)
      return found && read(found.value)?.session
    },
    async ofCookie(cookie) {
      const value = await artifacts.get('Session', keptId(cookie))
      return value === undefined ? undefined : read(value)?.session
    },
    list,
    async listAbout(personId) {
      const sessions = await list(personId)
      return Promise.all(sessions.map(async (session) => ({ ...session, about: await about(session.uid) })))
    },
    async keepAlive(uid) {
      const found = await artifacts.getByAlias('Session', uid)
      if (!found) return
      const payload = lastingSchema.parse(JSON.parse(found.value))
      const now = Math.floor(clock() / 1000)
      const ttl = Math.min(idle, payload.loginTs + lifetime - now)
      if (now + ttl - payload.exp < touchSeconds) return
      // who was faster has used it as well
      await artifacts.compareAndSet(
        'Session',
        found.id,
        found.value,
        JSON.stringify({ ...payload, exp: now + ttl }),
        ttl,
      )
    },
    async remember(uid, where) {
      const sealed = cipher.seal(JSON.stringify(where), place(uid))
      await artifacts.put(aboutKind, uid, sealed, { ttl: lifetime })
    },
    about,
    end,
    async endAll(personId, except) {
      const sessions = await list(personId)
      await Promise.all(sessions.filter(({ uid }) => uid !== except).map(({ uid }) => end(uid)))
    },
  }
}
