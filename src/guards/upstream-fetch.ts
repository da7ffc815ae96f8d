import type { UpstreamFetch } from '../upstreams/upstream-fetch.ts'
import { createOutbound, type Fetch } from './outbound.ts'
import { reachRule, type Reach } from './reachable.ts'

/** Milliseconds for one answer: a sign-in needs up to three of them. */
const patienceMs = 2500
const mostBytes = 256 * 1024

/**
 * Fetches from upstreams. An upstream names further addresses itself, in its discovery document, so the rule of networks
 * (YIDENG_OUTBOUND_NETWORKS) counts for each.
 * @param traced adds the trace to each call
 */
export const createUpstreamFetch = (reach: Reach, traced: (fetch: Fetch) => Fetch = (fetch) => fetch): UpstreamFetch =>
  traced(createOutbound({ allowed: reachRule(reach), patienceMs, mostBytes, readsPosts: true }))
