import { Refusal } from '../refusal/refusal.ts'

const longestPath = 6000

/**
 * An address of our own and nothing else: what a visitor is led back to must not be an open redirect.
 * @throws Refusal `bad_request` for any other
 */
export function ownPath(value: unknown): string {
  const base = 'http://yideng.invalid'
  const url =
    typeof value === 'string' && value.startsWith('/') && value.length <= longestPath ? URL.parse(value, base) : null
  if (url?.origin !== base || url.pathname.startsWith('//')) throw new Refusal('bad_request', 'not an address of ours')
  return `${url.pathname}${url.search}`
}
