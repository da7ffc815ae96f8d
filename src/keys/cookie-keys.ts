import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import { minuteMs } from '../config/time.ts'
import { changeKeyFile, keyFile } from './key-file.ts'
import type { KeyState } from './signing-keys.ts'

const fileName = 'cookies.json'
const schema = z.object({
  /** Newest first; older versions rely on that order. */
  keys: z.array(z.string().min(32)).min(1),
  /** One for each key; older files have none. */
  ids: z.array(z.string()).optional(),
  /** ISO 8601. The first key has no entry. */
  used_from: z.record(z.string(), z.iso.datetime()).default({}),
})

export interface CookieKey {
  id: string
  key: string
  /** Milliseconds since 1970 UTC; undefined for the first key, which is as old as its file. */
  usedFrom: number | undefined
}

/**
 * Time in milliseconds between adding a key and its first use. Every process accepts the key by then, because processes read
 * the file at least every half minute.
 */
export const cookieOverlapMs = minuteMs

const freshKey = () => randomBytes(32).toString('base64url')
const inFile = ({ keys, ids, ...rest }: z.output<typeof schema>) => {
  return { ...rest, keys, ids: ids ?? keys.map((_, index) => `c${keys.length - index}`) }
}

/** Keys that sign forms and QR codes, newest first; the first start makes them in `cookies.json`. */
export function openCookieKeys(directory: string): CookieKey[] {
  const { keys, ids, used_from } = inFile(
    keyFile(directory, fileName, schema, () => ({ keys: [freshKey()], ids: ['c1'] })),
  )
  return keys.map((key, index) => {
    const id = ids[index] ?? ''
    const from = used_from[id]
    return { id, key, usedFrom: from === undefined ? undefined : Date.parse(from) }
  })
}

const isUsed = ({ usedFrom = 0 }: CookieKey, now: number) => usedFrom <= now
const signerOf = (keys: readonly CookieKey[], now: number) => keys.find((one) => isUsed(one, now)) ?? keys.at(-1)

export function cookieKeyState(keys: readonly CookieKey[], key: CookieKey, now: number): KeyState {
  if (signerOf(keys, now)?.id === key.id) return 'signs'
  return isUsed(key, now) ? 'verifies' : 'waits'
}

/** First use of the next key, in milliseconds since 1970 UTC; infinity if there is none in use. */
export function replacedAt(keys: readonly CookieKey[], key: CookieKey, now: number): number {
  const successor = keys.slice(0, keys.indexOf(key)).findLast((one) => isUsed(one, now))
  return successor ? (successor.usedFrom ?? 0) : Infinity
}

/** The keys of a running server. `refresh` reads the file again. */
export interface CookieKeys {
  /** The signing key first, then the other accepted keys. `withinMs` leaves out keys replaced longer ago. */
  accepted(withinMs?: number): [string, ...string[]]
  /** First use of the next key, in milliseconds since 1970 UTC; undefined if no key waits. */
  nextUse(): number | undefined
  refresh(): void
}

export function createCookieKeys(directory: string, clock: Clock): CookieKeys {
  let keys = openCookieKeys(directory)
  return {
    accepted(withinMs = Infinity) {
      const now = clock()
      const signer = signerOf(keys, now)
      const others = keys.filter((one) => one !== signer && replacedAt(keys, one, now) > now - withinMs)
      return [signer?.key ?? '', ...others.map(({ key }) => key)]
    },
    nextUse() {
      const later = keys.flatMap(({ usedFrom = 0 }) => (usedFrom > clock() ? [usedFrom] : []))
      return later.length > 0 ? Math.min(...later) : undefined
    },
    refresh() {
      keys = openCookieKeys(directory)
    },
  }
}

/** Adds a key: accepted immediately, used from `useFrom` (milliseconds since 1970 UTC). @returns its id */
export function addCookieKey(directory: string, useFrom: number): string {
  let id = ''
  changeKeyFile(directory, fileName, (content) => {
    const { keys, ids, used_from } = inFile(schema.parse(content))
    id = `c${Math.max(...ids.map((one) => Number(one.slice(1)))) + 1}`
    return {
      keys: [freshKey(), ...keys],
      ids: [id, ...ids],
      used_from: { ...used_from, [id]: new Date(useFrom).toISOString() },
    }
  })
  return id
}

/** Deletes keys. */
export function forgetCookieKeys(directory: string, gone: ReadonlySet<string>): void {
  changeKeyFile(directory, fileName, (content) => {
    const { keys, ids, used_from } = inFile(schema.parse(content))
    return {
      keys: keys.filter((_, index) => !gone.has(ids[index] ?? '')),
      ids: ids.filter((id) => !gone.has(id)),
      used_from: Object.fromEntries(Object.entries(used_from).filter(([id]) => !gone.has(id))),
    }
  })
}
