import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../config/clock.ts'
import type { FieldCipher } from '../keys/field-cipher.ts'
import type { Artifacts } from '../storage/artifacts.ts'
import { hashId } from '../storage/hash-id.ts'

const kind = 'channel-phone'
const handleMs = 600_000
export const ticketSeconds = 60

const about = z.object({ holder: z.string(), address: z.string(), until: z.number() })
const brought = z.object({ holder: z.string(), phone: z.string() })

/** Where a number is wanted: the registration or session of one browser, and the path that takes the ticket. */
type Wanted = Pick<z.infer<typeof about>, 'holder' | 'address'>

/**
 * Telephone numbers that the native page of a mini program brings. A page of ours has a handle for it; the native page gets a
 * ticket for the handle; the ticket counts once, and only where the handle was made. A thief may lure
 * the owner of a number to the native page: it never lands in the thief's browser.
 */
export interface PhoneTickets {
  /** For a page of ours; nothing is stored. */
  handle(channel: string, wanted: Wanted): string
  /** Undefined for a handle of another channel, a changed or an old one. */
  open(channel: string, handle: string): Wanted | undefined
  /** @param phone E.164 */
  issue(found: { holder: string; phone: string }): Promise<string>
  /** The number of a ticket, once; undefined for another holder, whose try does not use it up. */
  take(ticket: string, holder: string): Promise<string | undefined>
}

export function createPhoneTickets(deps: {
  artifacts: Pick<Artifacts, 'get' | 'put' | 'take'>
  cipher: FieldCipher
  clock: Clock
}): PhoneTickets {
  const { artifacts, cipher, clock } = deps
  const handleAad = (channel: string) => `${kind}-handle:${channel}`
  const ticketAad = (id: string) => `${kind}:${id}`

  return {
    handle: (channel, wanted) =>
      cipher.seal(JSON.stringify({ ...wanted, until: clock() + handleMs }), handleAad(channel)),
    open(channel, handle) {
      try {
        const { until, ...wanted } = about.parse(JSON.parse(cipher.open(handle, handleAad(channel))))
        return clock() < until ? wanted : undefined
      } catch {
        // not made here
        return undefined
      }
    },
    async issue(found) {
      const ticket = randomBytes(16).toString('base64url')
      const id = hashId(ticket)
      await artifacts.put(kind, id, cipher.seal(JSON.stringify(found), ticketAad(id)), { ttl: ticketSeconds })
      return ticket
    },
    async take(ticket, holder) {
      const id = hashId(ticket)
      const sealed = await artifacts.get(kind, id)
      if (sealed === undefined) return undefined
      const found = brought.parse(JSON.parse(cipher.open(sealed, ticketAad(id))))
      return found.holder === holder && (await artifacts.take(kind, id)) === sealed ? found.phone : undefined
    },
  }
}
