import type { Clock } from '../config/clock.ts'
import { addressKeys } from '../keys/address-keys.ts'
import type { BlindIndex } from '../keys/blind-index.ts'
import type { RequestContext } from '../pages/request-context.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { createLimits, type Limit } from './limits.ts'

type Networks = Pick<RequestContext, 'networks'>

/** A limit that counts each network of the client by itself, in the artifact store. */
export interface NetworkLimit {
  /** Counts one request; returns the seconds to wait, or 0 within the limit. */
  count(request: Networks): Promise<number>
  /** @throws Refusal `too_many_requests` over the limit, with the seconds to wait */
  spend(request: Networks): Promise<void>
}

export function perNetwork(
  { artifacts, blindIndex, clock }: { artifacts: Artifacts; blindIndex: BlindIndex; clock: Clock },
  limit: Limit,
): NetworkLimit {
  const limits = createLimits(artifacts, clock)
  return {
    count: (request) => limits.count(limit, addressKeys(blindIndex, request)),
    spend: (request) => limits.spend(limit, addressKeys(blindIndex, request)),
  }
}
