import { timingSafeEqual } from 'node:crypto'

/** Whether `key` is one of `keys`. Compares with each of them, so the time does not reveal which one is equal. */
export function isAmong(key: string, keys: readonly string[]): boolean {
  const given = Buffer.from(key)
  const equal = keys.map((one) => {
    const known = Buffer.from(one)
    return known.length === given.length && timingSafeEqual(known, given)
  })
  return equal.includes(true)
}
