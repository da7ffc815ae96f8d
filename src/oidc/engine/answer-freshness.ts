import type { Fetch } from '../../guards/outbound.ts'
import { epochTime } from './internals.ts'

/**
 * Seconds for which an answer is still fresh (RFC 9111 section 4.2): its `max-age`, or else `Expires`, without its `Age`.
 * An answer that must not be kept, or not without a question to its origin, is never fresh.
 */
function freshSeconds(headers: Headers, now: number): number {
  const directives = (headers.get('cache-control') ?? '').toLowerCase()
  if (/(?:^|[,\s])no-(?:store|cache)(?=$|[,\s=])/.test(directives)) return 0
  const maxAge = /(?:^|[,\s])max-age\s*=\s*"?(\d+)/.exec(directives)?.[1]
  const sent = secondsOf(headers.get('date')) ?? now
  const lifetime = maxAge === undefined ? (secondsOf(headers.get('expires')) ?? sent) - sent : Number(maxAge)
  const age = /^\d+$/.exec(headers.get('age') ?? '')?.[0] ?? 0
  return Math.max(0, lifetime - Number(age))
}

function secondsOf(date: string | null): number | undefined {
  const parsed = Date.parse(date ?? '')
  return Number.isNaN(parsed) ? undefined : Math.floor(parsed / 1000)
}

/** oidc-provider reads the longest of `max-age` and `Expires`, and no other directive: it gets one `max-age` that is right. */
export function withFreshness(fetch: Fetch): Fetch {
  return async (url, init) => {
    const answer = await fetch(url, init)
    answer.headers.set('cache-control', `max-age=${freshSeconds(answer.headers, epochTime())}`)
    answer.headers.delete('expires')
    return answer
  }
}
