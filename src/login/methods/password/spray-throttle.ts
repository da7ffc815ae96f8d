import type { AuditLog } from '../../../audit/audit-log.ts'
import type { Clock } from '../../../config/clock.ts'
import type { BlindIndex } from '../../../keys/blind-index.ts'
import type { RequestContext } from '../../../pages/request-context.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { perNetwork } from '../../../guards/network-limit.ts'

const windowSeconds = 600
/** So few wrong passwords in a window are nobody's attack. */
const calm = 600
/** What a network may try at the least in a window. */
const leastTries = 5

/**
 * Against few passwords tried on many accounts from many networks, which no count of one account or one network sees. While
 * the house gets more wrong passwords than right ones, networks may try less, half as often each time the wrong ones double.
 */
export interface SprayThrottle {
  /** Counts a try while the brake is on; the seconds the network has to wait, or 0. */
  wait(request: Pick<RequestContext, 'networks'>): Promise<number>
  tried(right: boolean): Promise<void>
}

export function createSprayThrottle(options: {
  artifacts: Artifacts
  audit: Pick<AuditLog, 'record'>
  blindIndex: BlindIndex
  /** Tries of one network in a window where all is calm. */
  addressTries: number
  clock: Clock
}): SprayThrottle {
  const { artifacts, audit, addressTries, clock } = options
  const kind = 'password-house'
  // both begin at the same moment, so that one can be measured by the other
  const idOf = (what: 'right' | 'wrong' | 'told') => `${what}-${Math.floor(clock() / (windowSeconds * 1000))}`
  const sofar = async (what: 'right' | 'wrong') => Number((await artifacts.get(kind, idOf(what))) ?? 0)

  /** How many times the wrong passwords are what they may be. */
  async function excess(): Promise<number> {
    const [wrong, right] = await Promise.all([sofar('wrong'), sofar('right')])
    return wrong / Math.max(calm, right)
  }

  return {
    async wait(request) {
      const times = await excess()
      if (times <= 1) return 0
      const most = Math.max(leastTries, Math.floor(addressTries / 2 ** Math.ceil(Math.log2(times))))
      const limit = { name: 'password-tries-braked', most, seconds: windowSeconds, longest: windowSeconds }
      return perNetwork(options, limit).count(request)
    },

    async tried(right) {
      await artifacts.increment(kind, idOf(right ? 'right' : 'wrong'), windowSeconds)
      if (right || (await excess()) <= 1) return
      if (await artifacts.add(kind, idOf('told'), '', { ttl: windowSeconds }))
        await audit.record({ event: 'house.braked', actor: 'system' })
    },
  }
}
