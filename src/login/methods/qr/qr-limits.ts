import type { BlindIndex } from '../../../keys/blind-index.ts'
import type { RequestContext } from '../../../pages/request-context.ts'
import { Refusal } from '../../../refusal/refusal.ts'
import type { Clock } from '../../../config/clock.ts'
import { daySeconds } from '../../../config/time.ts'
import type { Artifacts } from '../../../storage/artifacts.ts'
import { perNetwork } from '../../../guards/network-limit.ts'
import { createLimits } from '../../../guards/limits.ts'
import { qr } from './declaration.ts'

export interface QrLimitNumbers {
  shownTimes: number
  addressCreations: number
  accountScans: number
  refusals: number
}

const scanSeconds = 600

type Networks = Pick<RequestContext, 'networks'>

/** Limits of logins by QR code: counted in the artifact store, over all processes. */
export interface QrLimits {
  /** @throws Refusal `too_many_requests` for the network, `qr_ended` where this sign-in has shown all its QR codes */
  begin(from: Networks, attempt: string, attemptSeconds: number): Promise<void>
  /** @throws Refusal `too_many_requests` */
  scanFrom(from: Networks): Promise<void>
  /** False where this account has scanned too often. */
  scanBy(personId: string): Promise<boolean>
  /** Counts a refusal; true for the one that pauses QR login of this account for a day. */
  refusedBy(personId: string): Promise<boolean>
  paused(personId: string): Promise<boolean>
}

export function createQrLimits(options: {
  artifacts: Artifacts
  blindIndex: BlindIndex
  numbers: QrLimitNumbers
  clock: Clock
}): QrLimits {
  const { artifacts, numbers, clock } = options
  const limits = createLimits(artifacts, clock)
  const creations = perNetwork(options, {
    name: 'qr-creations',
    most: numbers.addressCreations,
    seconds: qr.budgets.qrStarts.seconds,
  })
  // counted without regard to the person: enough for a busy service hall, too few for guessing
  const scansFrom = perNetwork(options, { ...qr.budgets.qrScans, name: 'qr-address-scans' })
  const scansBy = { name: 'qr-scans', most: numbers.accountScans, seconds: scanSeconds }
  const refusals = { name: 'qr-refusals', most: numbers.refusals - 1, seconds: daySeconds }

  return {
    async begin(from, attempt, attemptSeconds) {
      await creations.spend(from)
      const shown = { name: 'qr-shown', most: numbers.shownTimes, seconds: attemptSeconds }
      if ((await limits.count(shown, attempt)) > 0)
        throw new Refusal('qr_ended', 'this sign-in has had all its QR codes')
    },
    scanFrom: scansFrom.spend,
    scanBy: async (personId) => (await limits.count(scansBy, personId)) === 0,
    refusedBy: (personId) => limits.exceeds(refusals, personId),
    paused: async (personId) => (await limits.waiting(refusals, personId)) > 0,
  }
}
