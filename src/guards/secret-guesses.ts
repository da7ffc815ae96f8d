import { LRUCache } from 'lru-cache'
import type { AuditLog } from '../audit/audit-log.ts'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import { hourMs } from '../config/time.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { RequestContext } from '../pages/request-context.ts'
import type { Limit, Limits } from './limits.ts'

const ofOneNetwork: Limit = { ...budgets.secrets, name: 'client-secret', longest: 300 }
/** The same while a portal's secret is guessed from everywhere. */
const whileGuessed: Limit = { name: 'client-secret-guessed', most: 3, seconds: 60, longest: 300 }
/** Holds nobody: it only says that there are so many. */
const fromEverywhere: Limit = { name: 'client-secret-everywhere', most: 200, seconds: 300, longest: 3600 }

const provenMs = hourMs
const mostKept = 100_000

/** Who may still prove themselves by a secret; what each process has to know at every call it keeps in memory. */
export interface SecretGuesses {
  /** Seconds this network has to wait before it may name this client again; 0 when it need not. */
  wait(clientId: string, request: RequestContext): number
  right(clientId: string, request: RequestContext): void
  wrong(clientId: string, request: RequestContext): Promise<void>
}

/**
 * Wrong client secrets, counted by client and network over all processes, so that nobody can shut a portal out from
 * elsewhere. A network that gave the right secret within the hour is not held: a portal's instance with an old secret must
 * not stop the others.
 */
export function createSecretGuesses(options: {
  limits: Limits
  blindIndex: BlindIndex
  audit: AuditLog
  clock: Clock
}): SecretGuesses {
  const { limits, blindIndex, audit, clock } = options
  /** Until when who is held; when who was right. */
  const held = new LRUCache<string, number>({ max: mostKept })
  const proven = new LRUCache<string, number>({ max: mostKept })
  const keysOf = (clientId: string, { networks }: RequestContext) =>
    networks.map(({ key, factor }) => ({ key: `${clientId} ${key}`, factor }))
  /** A portal stands in one network; its neighbours prove nothing by it. */
  const keyOf = (clientId: string, { network }: RequestContext) => `${clientId} ${network}`
  const isProven = (clientId: string, request: RequestContext) =>
    clock() - (proven.get(keyOf(clientId, request)) ?? -Infinity) < provenMs
  const tell = (clientId: string, everywhere: boolean, { address, browser }: RequestContext) =>
    audit.record({
      event: 'client.secret-guessed',
      actor: 'portal',
      clientId,
      details: { everywhere },
      restricted: { address, browser },
    })

  return {
    wait(clientId, request) {
      const now = clock()
      // neighbours in a wider network do not hold it either
      if (isProven(clientId, request)) return 0
      const until = Math.max(...keysOf(clientId, request).map(({ key }) => held.get(key) ?? 0))
      return Math.max(0, Math.ceil((until - now) / 1000))
    },

    right: (clientId, request) => void proven.set(keyOf(clientId, request), clock()),

    async wrong(clientId, request) {
      if (await limits.exceeds(fromEverywhere, clientId)) await tell(clientId, true, request)
      if (isProven(clientId, request)) return
      const guessed = (await limits.waiting(fromEverywhere, clientId)) > 0
      for (const { key, factor } of keysOf(clientId, request)) {
        const one = guessed ? whileGuessed : ofOneNetwork
        const limit = { ...one, most: one.most * factor }
        const index = blindIndex('client-secret', key)
        // one entry for all of them is enough while there are many
        if ((await limits.exceeds(limit, index)) && !guessed) await tell(clientId, false, request)
        const wait = await limits.waiting(limit, index)
        if (wait > 0) held.set(key, clock() + wait * 1000)
        if (wait > 0) return
      }
    },
  }
}
