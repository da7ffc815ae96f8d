import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { BlindIndex } from '../../../keys/blind-index.ts'
import type { FaceEvidence } from '../../../proofing/face/face-verifier.ts'
import type { Running } from './check-store.ts'

const kind = 'face-native'
const form = /^([0-9a-f]{32})\.([\w-]{43})$/

const isSame = (one: string, other: string) =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

/** What the page gives to the native page of the mini program. Addresses have the id alone, so it is not enough. */
export const handleOf = (blindIndex: BlindIndex, id: string): string => `${id}.${blindIndex(kind, id)}`

/** The verification that a handle is for; undefined for any other text. */
export function idOfHandle(blindIndex: BlindIndex, handle: string): string | undefined {
  const [, id = '', mac = ''] = form.exec(handle) ?? []
  return id && isSame(mac, blindIndex(kind, id)) ? id : undefined
}

const hashOf = (ticket: string) => createHash('sha256').update(ticket).digest('base64url')

/**
 * A ticket that only the way back from the vendor has: the address that the native page gets, or that the vendor sends the browser to.
 * A thief who lures another person to the vendor does not get it: it goes to that person's browser.
 */
export function newTicket(): { ticket: string; hash: string } {
  const ticket = randomBytes(16).toString('base64url')
  return { ticket, hash: hashOf(ticket) }
}

/** True for a verification without a way back, and for evidence with its ticket. */
export function cameBack({ native, back }: Running, evidence: FaceEvidence): boolean {
  // a process of an older version stores no ticket for a vendor's page
  if (!native && back === undefined) return true
  const ticket = native ? native.ticket : back
  const given = evidence.kind === 'return' ? (evidence.parameters['t'] ?? '') : ''
  return ticket !== undefined && isSame(ticket, hashOf(given))
}
