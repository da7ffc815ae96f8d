import { z } from 'zod'
import type { Clock } from '../../../config/clock.ts'
import type { FieldCipher } from '../../../keys/field-cipher.ts'

/** What a native page asks for: a ticket of one channel, for one running login. */
const schema = z.tuple([z.string(), z.string(), z.number()])
const aad = 'channel-handle'
const longest = 400

/**
 * The handle of a running login on its page. A native page of a mini program hands it in (channels.md 2). It is sealed: the address of a
 * login is not enough to make one, and a look at a page stores nothing. Each page has another one.
 */
export interface Handles {
  make(channel: string, attempt: string): string
  /** The login of a handle of this channel; undefined for any other text, and after the time of a login. */
  read(channel: string, handle: string): string | undefined
}

export function createHandles(deps: { cipher: FieldCipher; clock: Clock; seconds: number }): Handles {
  const { cipher, clock, seconds } = deps
  return {
    make: (channel, attempt) => cipher.seal(JSON.stringify([channel, attempt, clock() + seconds * 1000]), aad),
    read(channel, handle) {
      const [of, attempt, until] = open(cipher, handle) ?? []
      return of === channel && until !== undefined && clock() < until ? attempt : undefined
    },
  }
}

function open(cipher: FieldCipher, handle: string) {
  if (handle.length > longest) return undefined
  try {
    return schema.parse(JSON.parse(cipher.open(handle, aad)))
  } catch {
    // any text of a stranger
    return undefined
  }
}
