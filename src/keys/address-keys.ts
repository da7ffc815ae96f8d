import type { Counted } from '../config/address-networks.ts'
import type { BlindIndex } from './blind-index.ts'

/** What limits count a request by in the store: keyed fingerprints of its networks, for addresses are personal data. */
export const addressKeys = (blindIndex: BlindIndex, { networks }: { networks: readonly Counted[] }): Counted[] =>
  networks.map(({ key, factor }) => ({ key: blindIndex('address', key), factor }))
