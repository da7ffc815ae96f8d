import { z } from 'zod'
import type { NaturalPerson } from '../accounts/natural-persons.ts'
import { isEnded } from '../accounts/sign-in-endings.ts'
import { levelOf, type Level } from '../assurance/levels.ts'
import type { Artifacts, PutOptions } from '../storage/artifacts.ts'

/** What oidc-provider keeps of a session (its lib/models/session.js), as far as we look at it. */
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

/** A session somebody is signed in with, as it is stored. */
export interface StoredSession {
  /** Its key in the artifact store. */
  id: string
  /** Its version: what `replace` compares. */
  value: string
  session: Session
  /** What each portal has of it. */
  portals: { clientId: string; sid?: string | undefined; grantId?: string | undefined }[]
}

/**
 * The rows of sessions in the artifact store. A row that the durable store says is ended (src/accounts/sign-in-endings.ts) is as
 * good as gone.
 */
export interface SessionRows {
  /** Whether a session was not ended; true where nobody is signed in with it. */
  counts(
    payload: Partial<Record<'uid' | 'accountId', string | undefined>> & { loginTs?: number | undefined },
  ): Promise<boolean>
  read(id: string): Promise<StoredSession | undefined>
  readByUid(uid: string): Promise<StoredSession | undefined>
  /** All of a person, those that were ended as well. */
  ofPerson(personId: string): Promise<StoredSession[]>
  /** Writes only over exactly this version; keeps the time to live unless another is given, in seconds. */
  change(stored: StoredSession, value: string, ttl?: number): Promise<boolean>
  /** Gives a session another id, as each sign-in does; false when it is gone. */
  move(from: string, id: string, value: string, options: PutOptions): Promise<boolean>
  /** Removes a session under whatever id it has by now; returns it as it was, where somebody was signed in. */
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

/** @param options.findPerson may be some moments behind: what was ended is removed as well */
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
      // first the new one: whoever ends the session in between finds the one or the other, and looks again
      await artifacts.put(kind, id, value, put)
      if ((await artifacts.take(kind, from)) !== undefined) return true
      await artifacts.remove(kind, id)
      return false
    },
    async remove(uid) {
      let last: StoredSession | undefined
      // it may get another id meanwhile
      for (;;) {
        const found = await artifacts.getByAlias(kind, uid)
        if (!found) return last
        last = parse(found.id, found.value) ?? last
        await artifacts.remove(kind, found.id)
      }
    },
  }
}
