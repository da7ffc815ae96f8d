import { Refusal } from '../refusal/refusal.ts'

const longestPath = 6000

/**
 * Checks that an address to return to is a path of this server: it must not become an open redirect.
 * @throws Refusal `bad_request` for any other address
 */
export function ownPath(value: unknown): string {
  const base = 'http://yideng.invalid'
  const url =
    typeof value === 'string' && value.startsWith('/') && value.length <= longestPath ? URL.parse(value, base) : null
  if (url?.origin !== base || url.pathname.startsWith('//')) throw new Refusal('bad_request', 'not an address of ours')
  return `${url.pathname}${url.search}`
}
