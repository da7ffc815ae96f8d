import type { Counted } from '../config/address-networks.ts'
import type { BlindIndex } from './blind-index.ts'

/** Keys of limits in the store: fingerprints of a request's networks, because addresses are personal data. */
export const addressKeys = (blindIndex: BlindIndex, { networks }: { networks: readonly Counted[] }): Counted[] =>
  networks.map(({ key, factor }) => ({ key: blindIndex('address', key), factor }))
