import { perNetwork, type NetworkLimit } from './network-limit.ts'

const windowSeconds = 600

/**
 * Codes that native pages of mini programs hand in, by network: one sum for sign-ins, faces and numbers.
 * @param most codes in ten minutes
 */
export const nativePageLimit = (deps: Parameters<typeof perNetwork>[0], most: number): NetworkLimit =>
  perNetwork(deps, { name: 'channel-network', most, seconds: windowSeconds })
