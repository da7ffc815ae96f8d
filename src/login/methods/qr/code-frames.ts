import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'
import type { CookieKeys } from '../../../keys/cookie-keys.ts'
import { deriveKey } from '../../../keys/derived-key.ts'
import type { QrLook } from './states.ts'

/** One picture of a QR code: the transaction and the second it is shown in. Only the server can make one. */
export interface Frame {
  id: string
  /** Seconds since the transaction began. */
  n: number
}

/** `1.<id>.<n>.<mac>`: version, 128 random bits, counter, HMAC-SHA-256 truncated to 128 bits (RFC 2104 section 5). */
export interface Frames {
  sign(frame: Frame): string
  /** Undefined for a text that this server has not signed, to the last bit. */
  read(text: string): Frame | undefined
  /** Lets this browser claim this frame, which it has looked at. */
  signLook(frame: Frame, scanner: string, look: QrLook): string
  readLook(text: string, frame: Frame, scanner: string): QrLook | undefined
  /** Says when a mini program handed this frame over (ms since 1970 UTC): it takes the frame's place for a browser. */
  signTicket(frame: Frame, handedAt: number): string
  /** The moment of the hand-over; undefined for a text that is no ticket of this frame. */
  readTicket(text: string, frame: Frame): number | undefined
  /** The four digits that the phone shows for the computer: derived from the key, so they are not stored. */
  code(id: string): string
  codeHolds(id: string, digits: string): boolean
}

/** The first key signs; all of them verify. */
export type FrameKeys = () => readonly [KeyObject, ...KeyObject[]]

const macBytes = 16
/** 22 characters are 132 bits: the last one carries two bits, so each text has one spelling. */
const form = /^1\.([\w-]{21}[AQgw])\.(0|[1-9]\d{0,4})\.([\w-]{21}[AQgw])$/

const lookForm = /^([1-9]\d{0,15})\.([01])(?:\.([1-9]\d{0,15}))?\.([\w-]{21}[AQgw])$/
const ticketForm = /^([1-9]\d{0,15})\.([\w-]{21}[AQgw])$/

/** After a change of cookie keys the old key verifies for as long as a login may last. */
export function frameKeysOf(cookieKeys: Pick<CookieKeys, 'accepted'>, longestMs: number): FrameKeys {
  const derived = new Map<string, KeyObject>()
  const derive = (secret: string) => {
    const key = derived.get(secret) ?? deriveKey(secret, 'qr')
    derived.set(secret, key)
    return key
  }
  return () => {
    const [signer, ...others] = cookieKeys.accepted(longestMs)
    return [derive(signer), ...others.map(derive)]
  }
}

export function createFrames(keys: FrameKeys): Frames {
  const hmac = (key: KeyObject, text: string) => createHmac('sha256', key).update(text).digest()
  const macOf = (key: KeyObject, { id, n }: Frame) => hmac(key, `frame\0${id}\0${n}`).subarray(0, macBytes)
  const lookMacOf = (key: KeyObject, { id, n }: Frame, scanner: string, { seenAt, byLink, handedAt }: QrLook) =>
    hmac(
      key,
      `look\0${id}\0${n}\0${scanner}\0${seenAt}\0${byLink}${handedAt === undefined ? '' : `\0${handedAt}`}`,
    ).subarray(0, macBytes)
  const ticketMacOf = (key: KeyObject, { id, n }: Frame, handedAt: number) =>
    hmac(key, `ticket\0${id}\0${n}\0${handedAt}`).subarray(0, macBytes)
  const codeOf = (key: KeyObject, id: string) =>
    String(hmac(key, `code\0${id}`).readUInt32BE() % 10_000).padStart(4, '0')
  return {
    sign: (frame) => `1.${frame.id}.${frame.n}.${macOf(keys()[0], frame).toString('base64url')}`,
    read(text) {
      const [, id = '', n = '', mac = ''] = form.exec(text) ?? []
      if (!id) return undefined
      const frame = { id, n: Number(n) }
      const given = Buffer.from(mac, 'base64url')
      return keys().some((key) => timingSafeEqual(macOf(key, frame), given)) ? frame : undefined
    },
    signLook(frame, scanner, look) {
      const mac = lookMacOf(keys()[0], frame, scanner, look).toString('base64url')
      const handed = look.handedAt === undefined ? '' : `${look.handedAt}.`
      return `${look.seenAt}.${Number(look.byLink)}.${handed}${mac}`
    },
    readLook(text, frame, scanner) {
      const [, seenAt = '', byLink = '', handed, mac = ''] = lookForm.exec(text) ?? []
      if (!seenAt) return undefined
      const handedAt = handed === undefined ? undefined : Number(handed)
      const look = { seenAt: Number(seenAt), byLink: byLink === '1', handedAt }
      const given = Buffer.from(mac, 'base64url')
      return keys().some((key) => timingSafeEqual(lookMacOf(key, frame, scanner, look), given)) ? look : undefined
    },
    signTicket: (frame, handedAt) => `${handedAt}.${ticketMacOf(keys()[0], frame, handedAt).toString('base64url')}`,
    readTicket(text, frame) {
      const [, handedAt = '', mac = ''] = ticketForm.exec(text) ?? []
      if (!handedAt) return undefined
      const given = Buffer.from(mac, 'base64url')
      const holds = keys().some((key) => timingSafeEqual(ticketMacOf(key, frame, Number(handedAt)), given))
      return holds ? Number(handedAt) : undefined
    },
    code: (id) => codeOf(keys()[0], id),
    codeHolds: (id, digits) => keys().some((key) => timingSafeEqual(Buffer.from(codeOf(key, id)), Buffer.from(digits))),
  }
}
