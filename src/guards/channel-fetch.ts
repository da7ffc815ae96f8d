import { createOutbound, type Fetch } from './outbound.ts'

/** Milliseconds for a whole answer: the sign-in page waits for it. */
const patienceMs = 2000
const mostBytes = 16 * 1024

/**
 * Fetches from the servers of channels. The operator named their addresses, so an inner one is right too: a province may
 * have a proxy of its own. Each channel binds it to one origin (channels/vendor-call.ts).
 */
export const createChannelFetch = (): Fetch =>
  createOutbound({ allowed: () => true, patienceMs, mostBytes, readsPosts: true })
