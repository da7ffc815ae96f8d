import { LRUCache } from 'lru-cache'
import type { AuditLog } from '../audit/audit-log.ts'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import { hourMs } from '../config/time.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { RequestContext } from '../pages/request-context.ts'
import type { Limit, Limits } from './limits.ts'

const ofOneNetwork: Limit = { ...budgets.secrets, name: 'client-secret', longest: 300 }
/** The same limit while many networks guess a portal's secret. */
const whileGuessed: Limit = { name: 'client-secret-guessed', most: 3, seconds: 60, longest: 300 }
/** Blocks no client: it only detects that many networks guess. */
const fromEverywhere: Limit = { name: 'client-secret-everywhere', most: 200, seconds: 300, longest: 3600 }

const provenMs = hourMs
const maxEntries = 100_000

/** Limits wrong client secrets. The state that each call needs is in the memory of the process. */
export interface SecretGuesses {
  /** Seconds this network has to wait before it may use this client id again; 0 within the limit. */
  wait(clientId: string, request: RequestContext): number
  right(clientId: string, request: RequestContext): void
  wrong(clientId: string, request: RequestContext): Promise<void>
}

/**
 * Counts wrong client secrets by client and network, over all processes. So a stranger cannot block a portal from
 * another network. A network with a correct secret within the hour never waits: an instance of a portal with an old
 * secret must not stop the others.
 */
export function createSecretGuesses(options: {
  limits: Limits
  blindIndex: BlindIndex
  audit: AuditLog
  clock: Clock
}): SecretGuesses {
  const { limits, blindIndex, audit, clock } = options
  /** End of the wait, and time of the last correct secret, by client and network. */
  const held = new LRUCache<string, number>({ max: maxEntries })
  const proven = new LRUCache<string, number>({ max: maxEntries })
  const keysOf = (clientId: string, { networks }: RequestContext) =>
    networks.map(({ key, factor }) => ({ key: `${clientId} ${key}`, factor }))
  /** Only the narrowest network counts as proven: its neighbours prove nothing. */
  const keyOf = (clientId: string, { network }: RequestContext) => `${clientId} ${network}`
  const isProven = (clientId: string, request: RequestContext) =>
    clock() - (proven.get(keyOf(clientId, request)) ?? -Infinity) < provenMs
  const recordGuess = (clientId: string, everywhere: boolean, { address, browser }: RequestContext) =>
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
      // a wait of the wider network does not apply to it either
      if (isProven(clientId, request)) return 0
      const until = Math.max(...keysOf(clientId, request).map(({ key }) => held.get(key) ?? 0))
      return Math.max(0, Math.ceil((until - now) / 1000))
    },

    right: (clientId, request) => void proven.set(keyOf(clientId, request), clock()),

    async wrong(clientId, request) {
      if (await limits.exceeds(fromEverywhere, clientId)) await recordGuess(clientId, true, request)
      if (isProven(clientId, request)) return
      const guessed = (await limits.waiting(fromEverywhere, clientId)) > 0
      for (const { key, factor } of keysOf(clientId, request)) {
        const one = guessed ? whileGuessed : ofOneNetwork
        const limit = { ...one, most: one.most * factor }
        const index = blindIndex('client-secret', key)
        // one entry for all networks is enough during an attack
        if ((await limits.exceeds(limit, index)) && !guessed) await recordGuess(clientId, false, request)
        const wait = await limits.waiting(limit, index)
        if (wait > 0) held.set(key, clock() + wait * 1000)
        if (wait > 0) return
      }
    },
  }
}
