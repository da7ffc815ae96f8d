import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../config/clock.ts'
import type { Fetch } from '../../guards/outbound.ts'
import type { Deliver } from '../../sessions/logout-notice.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { hashId } from '../../storage/hash-id.ts'
import { logoutMessage } from './logout-message.ts'

/** A notice is retried for an hour after its session ended (jobs/logout-deliveries.ts). */
const retrySeconds = 7200

const kind = 'CasTicket'
const entrySchema = z.object({ ticket: z.string(), service: z.string() })

/** One validated ticket: the portal knows its session by it. */
export interface ValidatedTicket extends z.output<typeof entrySchema> {
  /** The session as this portal knows it (`sid`). */
  sessionId: string
}

/** Single logout (CAS Protocol 3.0.3 section 2.3.3). */
export interface SingleLogout {
  /** Remembers a validated ticket. It is spent, so it opens nothing. The latest of each service counts. */
  remember(validated: ValidatedTicket): Promise<void>
  /** Tells the portal that the session of its tickets ended. @throws Error when the portal does not take the message */
  deliver: Deliver
}

export interface SingleLogoutDeps {
  artifacts: Artifacts
  outbound: Fetch
  /** Seconds that a session lasts at most. */
  lifetime: number
  clock: Clock
}

export function createSingleLogout({ artifacts, outbound, lifetime, clock }: SingleLogoutDeps): SingleLogout {
  async function send(id: string, text: string): Promise<void> {
    const { ticket, service } = entrySchema.parse(JSON.parse(text))
    const logoutRequest = logoutMessage({ id: `LR-${randomUUID()}`, ticket, now: clock() })
    const { status } = await outbound(service, {
      method: 'POST',
      body: new URLSearchParams({ logoutRequest }),
      headers,
    })
    if (status >= 400) throw new Error(`the portal answers ${status}`)
    await artifacts.remove(kind, id)
  }

  return {
    remember({ sessionId, ticket, service }) {
      const id = hashId(`${sessionId}\0${service.split('?', 1)[0]}`)
      const options = { ttl: lifetime + retrySeconds, group: sessionId }
      return artifacts.put(kind, id, JSON.stringify({ ticket, service }), options)
    },
    async deliver({ sessionId }) {
      const entries = await artifacts.listGroup(kind, sessionId)
      await Promise.all(entries.map(({ id, value }) => send(id, value)))
    },
  }
}

const headers = { 'content-type': 'application/x-www-form-urlencoded' }
