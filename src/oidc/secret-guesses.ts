import type { AuditTrail } from '../audit/trail.ts'
import { budgets } from '../config/budgets.ts'
import type { Clock } from '../config/clock.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { Visit } from '../pages/visit.ts'
import type { Limit, Limits } from '../storage/limits.ts'

const ofOneNetwork: Limit = { ...budgets.secrets, name: 'client-secret', longest: 300 }
/** The same while a portal's secret is guessed from everywhere. */
const whileGuessed: Limit = { name: 'client-secret-guessed', most: 3, seconds: 60, longest: 300 }
/** Holds nobody: it only says that there are so many. */
const fromEverywhere: Limit = { name: 'client-secret-everywhere', most: 200, seconds: 300, longest: 3600 }

const provenMs = 3_600_000
const mostKept = 100_000

/** Who may still prove themselves by a secret; what each process has to know at every call it keeps in memory. */
export interface SecretGuesses {
  /** Seconds this network has to wait before it may name this client again; 0 when it need not. */
  wait(clientId: string, visit: Visit): number
  right(clientId: string, visit: Visit): void
  wrong(clientId: string, visit: Visit): Promise<void>
}

/**
 * Wrong client secrets, counted by client and network over all processes, so that nobody can shut a portal out from
 * elsewhere. A network that gave the right secret within the hour is not held: a portal's instance with an old secret must
 * not stop the others.
 */
export function createSecretGuesses(options: {
  limits: Limits
  blindIndex: BlindIndex
  audit: AuditTrail
  clock: Clock
}): SecretGuesses {
  const { limits, blindIndex, audit, clock } = options
  /** Until when who is held; when who was right. */
  const held = new Map<string, number>()
  const proven = new Map<string, number>()
  const keysOf = (clientId: string, { networks }: Visit) =>
    networks.map(({ key, factor }) => ({ key: `${clientId} ${key}`, factor }))
  /** A portal stands in one network; its neighbours prove nothing by it. */
  const keyOf = (clientId: string, { network }: Visit) => `${clientId} ${network}`
  const isProven = (clientId: string, visit: Visit) =>
    clock() - (proven.get(keyOf(clientId, visit)) ?? -Infinity) < provenMs
  const keep = (kept: Map<string, number>, key: string, time: number) => {
    if (kept.size >= mostKept) kept.clear()
    kept.set(key, time)
  }
  const tell = (clientId: string, everywhere: boolean, { address, browser }: Visit) =>
    audit.record({
      event: 'client.secret-guessed',
      actor: 'portal',
      clientId,
      details: { everywhere },
      restricted: { address, browser },
    })

  return {
    wait(clientId, visit) {
      const now = clock()
      // neighbours in a wider network do not hold it either
      if (isProven(clientId, visit)) return 0
      const until = Math.max(...keysOf(clientId, visit).map(({ key }) => held.get(key) ?? 0))
      return Math.max(0, Math.ceil((until - now) / 1000))
    },

    right: (clientId, visit) => keep(proven, keyOf(clientId, visit), clock()),

    async wrong(clientId, visit) {
      if (await limits.exceeds(fromEverywhere, clientId)) await tell(clientId, true, visit)
      if (isProven(clientId, visit)) return
      const guessed = (await limits.waiting(fromEverywhere, clientId)) > 0
      for (const { key, factor } of keysOf(clientId, visit)) {
        const one = guessed ? whileGuessed : ofOneNetwork
        const limit = { ...one, most: one.most * factor }
        const index = blindIndex('client-secret', key)
        // one entry for all of them is enough while there are many
        if ((await limits.exceeds(limit, index)) && !guessed) await tell(clientId, false, visit)
        const wait = await limits.waiting(limit, index)
        if (wait > 0) keep(held, key, clock() + wait * 1000)
        if (wait > 0) return
      }
    },
  }
}
