import { z } from 'zod'
import type { AuditEvent } from '../audit/audit-events.ts'
import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'
import { logoutTokenSeconds } from '../upstreams/oidc-logout-token.ts'
import type { Sessions } from './sessions.ts'

const upstreamSession = z.object({
  upstream: z.string(),
  subject: z.string(),
  sid: z.string().optional(),
  idToken: z.string().optional(),
  /** When the upstream named the person, in milliseconds since 1970 UTC. */
  at: z.number(),
})

/** The session at an upstream that a sign-in here came from. Personal data, so each store has it sealed. */
export type UpstreamSession = z.infer<typeof upstreamSession>

const record = upstreamSession.pick({ subject: true, sid: true }).extend({ uid: z.string(), personId: z.string() })

/** The session or the person that a logout token names (OpenID Connect Back-Channel Logout 1.0, 2.4). */
export interface UpstreamLogout {
  upstream: string
  subject?: string | undefined
  sid?: string | undefined
  jti: string
}

/** Which sessions here came from which sessions at upstreams. */
export interface UpstreamSessions {
  /** For the record of a sign-in, which waits in the store for its session. */
  seal(session: UpstreamSession): string
  open(sealed: string): UpstreamSession
  /** Remembers a session that began. It ends at once, where the upstream has ended its own in between. */
  began(uid: string, personId: string, session: UpstreamSession): Promise<void>
  /** Ends the sessions that began with those of a logout. @returns false for a token that came before */
  end(logout: UpstreamLogout): Promise<boolean>
}

interface Deps {
  artifacts: Artifacts
  cipher: FieldCipher
  blindIndex: BlindIndex
  sessions: Pick<Sessions, 'end'>
  clock: Clock
  /** Seconds. The longest time that a session can live. */
  lifetime: number
}

const recordAad = 'SignInRecord.upstream'
const bySubject = 'UpstreamSubjectSession'
const bySid = 'UpstreamSidSession'
const over = 'UpstreamLoggedOut'
const seen = 'UpstreamLogoutToken'
/** Longer than a logout token counts, with clocks that differ. */
const tokenSeconds = 3 * logoutTokenSeconds

export function createUpstreamSessions(deps: Deps): UpstreamSessions {
  const { artifacts, cipher, blindIndex, sessions, clock, lifetime: ttl } = deps
  const indexOf = (kind: string, upstream: string, value: string) => blindIndex(kind, `${upstream}\0${value}`)
  const subjectOf = ({ upstream, subject }: { upstream: string; subject?: string | undefined }) =>
    subject === undefined ? undefined : indexOf('upstream.subject-session', upstream, subject)
  const sidOf = ({ upstream, sid }: { upstream: string; sid?: string | undefined }) =>
    sid === undefined ? undefined : indexOf('upstream.sid', upstream, sid)
  const aad = (kind: string, id: string) => `${kind}:${id}`

  const endOne = (personId: string, uids: readonly string[], upstream: string) => {
    const details = { upstream, sessions: uids.length }
    const entry: AuditEvent = { event: 'person.sessions-ended', actor: 'system', personId, details }
    return sessions.end(personId, { only: uids }, entry)
  }

  async function put(kind: string, group: string | undefined, id: string, value: z.infer<typeof record>) {
    if (group === undefined) return
    await artifacts.put(kind, id, cipher.seal(JSON.stringify(value), aad(kind, id)), { ttl, group })
  }

  async function listed(kind: string, group: string | undefined) {
    const found = group === undefined ? [] : await artifacts.listGroup(kind, group)
    return found.map(({ id, value }) => record.parse(JSON.parse(cipher.open(value, aad(kind, id)))))
  }

  /** A session of the upstream that is over stays over. A person may sign in there again. */
  async function isOver(session: UpstreamSession): Promise<boolean> {
    const [sid, subject] = [sidOf(session), subjectOf(session)]
    if (sid !== undefined && (await artifacts.get(over, sid)) !== undefined) return true
    const endedAt = subject === undefined ? undefined : await artifacts.get(over, subject)
    return endedAt !== undefined && Number(endedAt) >= session.at
  }

  /** A token with a session ends that one; sessions whose `sid` the upstream never named end with their person. */
  async function concerned(logout: UpstreamLogout) {
    const [ofSid, ofSubject] = [await listed(bySid, sidOf(logout)), await listed(bySubject, subjectOf(logout))]
    if (logout.sid === undefined) return ofSubject
    const isTheirs = (one: { subject: string }) => logout.subject === undefined || one.subject === logout.subject
    return [...ofSid.filter(isTheirs), ...ofSubject.filter(({ sid }) => sid === undefined)]
  }

  return {
    seal: (session) => cipher.seal(JSON.stringify(session), recordAad),
    open: (sealed) => upstreamSession.parse(JSON.parse(cipher.open(sealed, recordAad))),
    async began(uid, personId, session) {
      const { upstream, subject, sid } = session
      const value = { uid, personId, subject, sid }
      const id = hashId(`${uid}.${upstream}`)
      await put(bySubject, subjectOf(session), id, value)
      await put(bySid, sidOf(session), id, value)
      // after the records: a logout at the same time finds them, or is found here
      if (await isOver(session)) await endOne(personId, [uid], upstream)
    },
    async end(logout) {
      const { upstream, jti } = logout
      const token = indexOf('upstream.logout', upstream, jti)
      if (!(await artifacts.add(seen, token, '1', { ttl: tokenSeconds }))) return false
      try {
        // before the sessions are listed: one that begins now finds this
        const mark = sidOf(logout) ?? subjectOf(logout)
        if (mark !== undefined) await artifacts.put(over, mark, String(clock()), { ttl })
        const found = Map.groupBy(await concerned(logout), ({ personId }) => personId)
        for (const [personId, ended] of found)
          await endOne(personId, [...new Set(ended.map(({ uid }) => uid))], upstream)
        return true
      } catch (error) {
        // the upstream sends the token again
        await artifacts.remove(seen, token)
        throw error
      }
    },
  }
}
