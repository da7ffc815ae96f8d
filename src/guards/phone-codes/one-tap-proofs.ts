import { tokenKinds, type OneTap } from '../../channels/one-tap.ts'
import type { Clock } from '../../config/clock.ts'
import type { BlindIndex } from '../../keys/blind-index.ts'
import { requestOf, type PageContext } from '../../pages/request-context.ts'
import type { Artifacts } from '../../storage/artifacts.ts'
import { hashId } from '../../storage/hash-id.ts'
import { perNetwork } from '../network-limit.ts'

/** Proofs of a number by a token of the carrier, which the app around the page fills in. */
export interface OneTapProofs {
  /** Whether the settings have a vendor: pages then have the field. */
  readonly enabled: boolean
  /**
   * Whether the form has a token of a telephone with exactly this number. Each token is asked for once, over all browsers.
   * False is no problem of the person: a code by text comes then.
   */
  proves(ctx: PageContext, phone: string): Promise<boolean>
}

const kind = 'carrier-token'
/** Longer than a carrier accepts its own token. */
const usedSeconds = 300
const longestToken = 4096

export function createOneTapProofs(deps: {
  oneTap: OneTap | undefined
  artifacts: Artifacts
  blindIndex: BlindIndex
  /** Tokens of one network in an hour. */
  perHour: number
  clock: Clock
}): OneTapProofs {
  const { oneTap, artifacts, perHour } = deps
  const limit = perNetwork(deps, { name: 'one-tap', most: perHour, seconds: 3600 })
  return {
    enabled: oneTap !== undefined,
    async proves(ctx, phone) {
      const request = requestOf(ctx)
      const { carrier_token: token = '', carrier_kind: of = 'app' } = request.form
      const made = tokenKinds.find((one) => one === of)
      if (!oneTap || !made || !isToken(token) || (await limit.count(request)) > 0) return false
      // before the vendor is asked: two forms at once ask once
      if (!(await artifacts.add(kind, hashId(`${kind}\0${token}`), '', { ttl: usedSeconds }))) return false
      const found = await oneTap.numberOf({ kind: made, token })
      return typeof found === 'object' && found.phone === phone
    },
  }
}

const isToken = (text: string) => text.length <= longestToken && /^[\x21-\x7e]+$/.test(text)
