import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'

/** One picture of a QR code: it names the transaction and when it was shown, and only the server can make it. */
export interface Frame {
  id: string
  /** Seconds since the transaction began. */
  n: number
}

/** `1.<id>.<n>.<mac>`: version, 128 random bits, counter, HMAC-SHA-256 truncated to 128 bits (RFC 2104 section 5). */
export interface Frames {
  sign(frame: Frame): string
  /** Undefined for whatever this server has not signed, to the last bit. */
  read(text: string): Frame | undefined
  /** The four digits the phone shows for the computer: made from the key, so they are kept nowhere. */
  code(id: string): string
}

const macBytes = 16
/** 22 characters are 132 bits: the last one carries only two, so a text has exactly one spelling. */
const form = /^1\.([\w-]{21}[AQgw])\.(0|[1-9]\d{0,4})\.([\w-]{21}[AQgw])$/

export function createFrames(key: KeyObject): Frames {
  const hmac = (text: string) => createHmac('sha256', key).update(text).digest()
  const macOf = ({ id, n }: Frame) => hmac(`frame\0${id}\0${n}`).subarray(0, macBytes)
  return {
    sign: (frame) => `1.${frame.id}.${frame.n}.${macOf(frame).toString('base64url')}`,
    read(text) {
      const [, id = '', n = '', mac = ''] = form.exec(text) ?? []
      if (!id) return undefined
      const frame = { id, n: Number(n) }
      return timingSafeEqual(macOf(frame), Buffer.from(mac, 'base64url')) ? frame : undefined
    },
    code: (id) => String(hmac(`code\0${id}`).readUInt32BE() % 10_000).padStart(4, '0'),
  }
}
