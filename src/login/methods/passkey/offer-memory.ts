import { daySeconds } from '../../../config/time.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { hashId } from '../../../storage/hash-id.ts'

/** Remembers offers to make a passkey. */
export interface OfferMemory {
  /** The browser of this login can make a passkey without another device. */
  canMakeHere(attemptId: string): Promise<void>
  canMake(attemptId: string): Promise<boolean>
  /** This person was asked in this browser. */
  asked(personId: string, deviceKey: string): Promise<void>
  wasAsked(personId: string, deviceKey: string): Promise<boolean>
}

const able = 'passkey-able'
const offered = 'passkey-offered'

export function createOfferMemory(options: {
  artifacts: Artifacts
  /** Seconds a login may take. */
  interaction: number
  offerDays: number
}): OfferMemory {
  const { artifacts, interaction, offerDays } = options
  return {
    canMakeHere: (attemptId) => artifacts.put(able, hashId(attemptId), 'yes', { ttl: interaction }),
    canMake: async (attemptId) => (await artifacts.get(able, hashId(attemptId))) !== undefined,
    asked: (personId, deviceKey) =>
      artifacts.put(offered, `${personId} ${deviceKey}`, 'yes', { ttl: offerDays * daySeconds }),
    wasAsked: async (personId, deviceKey) => (await artifacts.get(offered, `${personId} ${deviceKey}`)) !== undefined,
  }
}
