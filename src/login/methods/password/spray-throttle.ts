import type { AuditLog } from '../../../audit/audit-log.ts'
import type { Clock } from '../../../config/clock.ts'
import type { BlindIndex } from '../../../keys/blind-index.ts'
import type { RequestContext } from '../../../pages/request-context.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { perNetwork } from '../../../guards/network-limit.ts'

const windowSeconds = 600
/** Fewer wrong passwords in a window are no attack. */
const calm = 600
/** A network may always try this many in a window. */
const leastTries = 5

/**
 * Limits an attack that tries few passwords on many accounts from many networks: no count of one account or one network sees it.
 * While more passwords are wrong than right, each network may try less: half as much each time the wrong ones double.
 */
export interface SprayThrottle {
  /** Counts a try while the throttle is active. @returns seconds that the network has to wait, or 0 */
  wait(request: Pick<RequestContext, 'networks'>): Promise<number>
  tried(right: boolean): Promise<void>
}

export function createSprayThrottle(options: {
  artifacts: Artifacts
  audit: Pick<AuditLog, 'record'>
  blindIndex: BlindIndex
  /** Tries of one network in a window without an attack. */
  addressTries: number
  clock: Clock
}): SprayThrottle {
  const { artifacts, audit, addressTries, clock } = options
  const kind = 'password-house'
  // both counts begin at the same moment, so that they can be compared
  const idOf = (what: 'right' | 'wrong' | 'told') => `${what}-${Math.floor(clock() / (windowSeconds * 1000))}`
  const sofar = async (what: 'right' | 'wrong') => Number((await artifacts.get(kind, idOf(what))) ?? 0)

  /** Wrong passwords, as a multiple of the permitted number. */
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
