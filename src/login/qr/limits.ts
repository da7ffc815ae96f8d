import type { BlindIndex } from '../../keys/blind-index.ts'
import { Refusal } from '../../refusal/refusal.ts'
import type { Artifacts } from '../../storage/artifacts.ts'

export interface QrLimitNumbers {
  shownTimes: number
  addressCreations: number
  accountScans: number
  refusals: number
}

const creationSeconds = 300
const scanSeconds = 600
const daySeconds = 86_400
/** Scans by one network in ten minutes, whoever is signed in: enough for a busy service hall, too few for guessing. */
const addressScans = 300

/** What keeps people from being flooded: counted in the artifact store, so over every process. */
export interface QrLimits {
  /** @throws Refusal `too_many_requests` for the network, `qr_ended` when this sign-in has had its ten */
  begin(network: string, attempt: string, attemptSeconds: number): Promise<void>
  /** @throws Refusal `too_many_requests` */
  scanFrom(network: string): Promise<void>
  /** False when this account has scanned too often. */
  scanBy(personId: string): Promise<boolean>
  /** Counts a refusal; true when it was the one that pauses the QR login of this account for a day. */
  refusedBy(personId: string): Promise<boolean>
  paused(personId: string): Promise<boolean>
}

export function createQrLimits(options: {
  artifacts: Artifacts
  blindIndex: BlindIndex
  numbers: QrLimitNumbers
}): QrLimits {
  const { artifacts, blindIndex, numbers } = options
  const countFor = async (what: string, key: string, seconds: number) =>
    (await artifacts.increment(`qr-${what}`, key, seconds)).count

  return {
    async begin(network, attempt, attemptSeconds) {
      const begun = await countFor('creations', blindIndex('address', network), creationSeconds)
      if (begun > numbers.addressCreations) throw new Refusal('too_many_requests', 'QR logins of one network')
      const shown = await countFor('shown', attempt, attemptSeconds)
      if (shown > numbers.shownTimes) throw new Refusal('qr_ended', 'this sign-in has had all its QR codes')
    },
    async scanFrom(network) {
      const scans = await countFor('address-scans', blindIndex('address', network), scanSeconds)
      if (scans > addressScans) throw new Refusal('too_many_requests', 'scans of one network')
    },
    async scanBy(personId) {
      return (await countFor('scans', personId, scanSeconds)) <= numbers.accountScans
    },
    async refusedBy(personId) {
      if ((await countFor('refusals', personId, daySeconds)) < numbers.refusals) return false
      return artifacts.add('qr-paused', personId, '1', { ttl: daySeconds })
    },
    async paused(personId) {
      return (await artifacts.get('qr-paused', personId)) !== undefined
    },
  }
}
