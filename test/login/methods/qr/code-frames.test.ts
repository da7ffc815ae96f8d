import { createSecretKey, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveKey } from '../../../../src/keys/derived-key.ts'
import { createFrames } from '../../../../src/login/methods/qr/code-frames.ts'

const key = createSecretKey(Buffer.alloc(32, 7))
const frames = createFrames(() => [key])
const id = Buffer.alloc(16, 1).toString('base64url')
const other = Buffer.alloc(16, 2).toString('base64url')

describe('frames', () => {
  it('are read back as they were signed', () => {
    const anyId = fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((bytes) => Buffer.from(bytes).toString('base64url'))
    fc.assert(
      fc.property(anyId, fc.nat(99_999), (some, n) => {
        expect(frames.read(frames.sign({ id: some, n }))).toEqual({ id: some, n })
      }),
    )
  })

  it('are refused when a single character is another one', () => {
    const text = frames.sign({ id, n: 12 })
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'
    const forgeries = [...text].flatMap((right, index) =>
      [...alphabet]
        .filter((wrong) => wrong !== right)
        .map((wrong) => text.slice(0, index) + wrong + text.slice(index + 1)),
    )
    expect(forgeries.filter((forged) => frames.read(forged) !== undefined)).toEqual([])
  })

  it('of another transaction, another moment, another server or another shape are refused', () => {
    const mac = frames.sign({ id, n: 1 }).split('.')[3]
    const elsewhere = createFrames(() => [createSecretKey(randomBytes(32))]).sign({ id, n: 1 })
    const wrong = [
      `1.${other}.1.${mac}`,
      `1.${id}.2.${mac}`,
      `1.${id}.01.${mac}`,
      `2.${id}.1.${mac}`,
      `1.${id}.1.${mac}=`,
      `1.${id}.1.${mac}\n`,
      `1.${id}.-1.${mac}`,
      elsewhere,
      '',
      '1...',
    ]
    expect(wrong.filter((text) => frames.read(text) !== undefined)).toEqual([])
  })

  it('are claimed by the browser that looked, and by no other, nor with anything changed', () => {
    const frame = { id, n: 12 }
    const look = { seenAt: 1_780_000_000_000, byLink: true }
    const text = frames.signLook(frame, 'phone', look)
    expect(frames.readLook(text, frame, 'phone')).toEqual(look)
    expect(frames.readLook(text, frame, 'another')).toBeUndefined()
    expect(frames.readLook(text, { id, n: 13 }, 'phone')).toBeUndefined()
    expect(frames.readLook(text, { id: other, n: 12 }, 'phone')).toBeUndefined()
    const [seenAt, , mac] = text.split('.')
    for (const forged of [`${seenAt}.0.${mac}`, `1780000000001.1.${mac}`, `0${text}`, `${text}=`, '', `${seenAt}.1.`])
      expect(frames.readLook(forged, frame, 'phone'), forged).toBeUndefined()
  })

  it('have a ticket for a mini program, which is no look and no frame, and changes in no character', () => {
    const frame = { id, n: 12 }
    const handedAt = 1_780_000_000_000
    const ticket = frames.signTicket(frame, handedAt)
    expect(frames.readTicket(ticket, frame)).toBe(handedAt)
    expect(frames.readTicket(ticket, { id, n: 13 })).toBeUndefined()
    expect(frames.readTicket(ticket, { id: other, n: 12 })).toBeUndefined()
    expect(createFrames(() => [createSecretKey(randomBytes(32))]).readTicket(ticket, frame)).toBeUndefined()
    const mac = ticket.split('.')[1]
    for (const forged of [
      `1780000000001.${mac}`,
      `0${ticket}`,
      `${ticket}=`,
      '',
      `${handedAt}.`,
      `${handedAt}.0.${mac}`,
    ])
      expect(frames.readTicket(forged, frame), forged).toBeUndefined()
    expect(frames.readLook(`${handedAt}.1.${mac}`, frame, 'phone')).toBeUndefined()
    const look = { seenAt: handedAt + 9000, byLink: true, handedAt }
    const text = frames.signLook(frame, 'phone', look)
    expect(frames.readLook(text, frame, 'phone')).toEqual(look)
    // neither without the moment of the hand-over, nor with another one
    const [seenAt, byLink, , own] = text.split('.')
    for (const forged of [`${seenAt}.${byLink}.${own}`, `${seenAt}.${byLink}.${handedAt + 1}.${own}`])
      expect(frames.readLook(forged, frame, 'phone'), forged).toBeUndefined()
  })

  it('have a key of their own, and codes of four digits that differ by transaction', () => {
    expect(deriveKey('secret', 'qr').equals(deriveKey('secret', 'other'))).toBe(false)
    expect(deriveKey('secret', 'qr').equals(deriveKey('secret', 'qr'))).toBe(true)
    const codes = Array.from({ length: 200 }, () => frames.code(randomBytes(16).toString('base64url')))
    expect(codes.every((code) => /^\d{4}$/.test(code))).toBe(true)
    expect(new Set(codes).size).toBeGreaterThan(150)
    expect(frames.code(id)).toBe(frames.code(id))
  })
})
