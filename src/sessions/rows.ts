import { z } from 'zod'
import type { NaturalPerson } from '../accounts/natural-persons.ts'
import { isEnded } from '../accounts/sign-in-endings.ts'
import { levelOf, type Level } from '../assurance/levels.ts'
import type { Artifacts, PutOptions } from '../storage/artifacts.ts'

/** A stored session of oidc-provider (its lib/models/session.js): the members that we use. */
export const sessionSchema = z.looseObject({
  uid: z.string(),
  accountId: z.string().optional(),
  loginTs: z.number().optional(),
  acr: z.string().optional(),
  amr: z.array(z.string()).optional(),
  authorizations: z
    .record(z.string(), z.looseObject({ sid: z.string().optional(), grantId: z.string().optional() }))
    .optional(),
})

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

/** A stored session with a signed-in person. */
export interface StoredSession {
  /** Its id in the artifact store. */
  id: string
  /** Its text. `change` compares it. */
  value: string
  session: Session
  /** The part of each portal. */
  portals: { clientId: string; sid?: string | undefined; grantId?: string | undefined }[]
}

/**
 * The sessions in the artifact store. The durable store knows which sign-ins have ended (src/accounts/sign-in-endings.ts).
 * A session of an ended sign-in is treated as if it were removed.
 */
export interface SessionRows {
  /** Whether a session has not ended. True for a session without a person. */
  counts(
    payload: Partial<Record<'uid' | 'accountId', string | undefined>> & { loginTs?: number | undefined },
  ): Promise<boolean>
  read(id: string): Promise<StoredSession | undefined>
  readByUid(uid: string): Promise<StoredSession | undefined>
  /** All sessions of a person, also ended ones. */
  ofPerson(personId: string): Promise<StoredSession[]>
  /**
   * Compare-and-set: writes only over exactly this text.
   * @param ttl seconds; without it the time to live stays
   */
  change(stored: StoredSession, value: string, ttl?: number): Promise<boolean>
  /** Gives a session another id, as each sign-in does. Returns false when it was removed. */
  move(from: string, id: string, value: string, options: PutOptions): Promise<boolean>
  /**
   * Removes a session under its current id. Returns it as it was, if a person was signed in: to one of several callers.
   */
  remove(uid: string): Promise<StoredSession | undefined>
}

const kind = 'Session'

function parse(id: string, value: string): StoredSession | undefined {
  const {
    accountId: personId,
    loginTs,
    amr = [],
    uid,
    acr,
    authorizations = {},
  } = sessionSchema.parse(JSON.parse(value))
  if (personId === undefined || loginTs === undefined) return undefined
  const level = levelOf(acr) ?? 2
  const session = { uid, personId, signedInAt: loginTs, amr, level, clientIds: Object.keys(authorizations) }
  const portals = Object.entries(authorizations).map(([clientId, { sid, grantId }]) => ({ clientId, sid, grantId }))
  return { id, value, session, portals }
}

/** @param options.findPerson may return a state of a moment ago: ended sessions are also removed from the store */
export function createSessionRows(options: {
  artifacts: Artifacts
  findPerson(id: string): Promise<Pick<NaturalPerson, 'endings'> | undefined>
}): SessionRows {
  const { artifacts, findPerson } = options

  const counts: SessionRows['counts'] = async ({ accountId, uid, loginTs }) => {
    if (accountId === undefined || loginTs === undefined) return true
    const person = await findPerson(accountId)
    return person !== undefined && !isEnded(person.endings, { at: loginTs, sessionUid: uid })
  }

  async function ifCounts(stored: StoredSession | undefined): Promise<StoredSession | undefined> {
    if (!stored) return undefined
    const { uid, personId: accountId, signedInAt: loginTs } = stored.session
    return (await counts({ uid, accountId, loginTs })) ? stored : undefined
  }

  return {
    counts,
    async read(id) {
      const value = await artifacts.get(kind, id)
      return value === undefined ? undefined : ifCounts(parse(id, value))
    },
    async readByUid(uid) {
      const found = await artifacts.getByAlias(kind, uid)
      return found && ifCounts(parse(found.id, found.value))
    },
    async ofPerson(personId) {
      const found = await artifacts.listGroup(kind, personId)
      return found.flatMap(({ id, value }) => parse(id, value) ?? [])
    },
    change: (stored, value, ttl) => artifacts.compareAndSet(kind, stored.id, stored.value, value, ttl),
    async move(from, id, value, put) {
      // the new id first: a request that ends the session in between finds one of the two, and looks again
      await artifacts.put(kind, id, value, put)
      if ((await artifacts.take(kind, from)) !== undefined) return true
      await artifacts.remove(kind, id)
      return false
    },
    async remove(uid) {
      let last: StoredSession | undefined
      // another request may give it a new id in between
      for (;;) {
        const found = await artifacts.getByAlias(kind, uid)
        if (!found) return last
        const taken = await artifacts.take(kind, found.id)
        if (taken !== undefined) last = parse(found.id, taken) ?? last
      }
    },
  }
}
