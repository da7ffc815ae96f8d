import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Action } from '../../../src/proofing/face/challenge.ts'
import { localVerifier } from '../../../src/proofing/face/local.ts'
import { createFacePool } from '../../../src/proofing/face/pool.ts'
import { thresholds } from '../../../src/proofing/face/thresholds.ts'
import type { FaceRequest, FaceVerifier } from '../../../src/proofing/face/face-verifier.ts'
import { anna, berta, crowd, darkness, forged, frames, portrait, twoPeople, wall } from '../../setup/faces.ts'

const pool = createFacePool({ threads: 1, queue: 1 })
afterAll(() => pool.close())

const request: FaceRequest = {
  subject: { personId: 'p', documentType: 'resident_id', documentNumber: '1', name: '张三' },
  purpose: 'proofing',
  level: 4,
  nonce: 'n',
  returnUrl: 'http://localhost/',
  browser: '',
}

describe('the local engine', () => {
  let verifier: FaceVerifier

  beforeAll(async () => {
    const answer = await pool.read([{ step: 0, jpeg: await portrait(anna) }])
    const reference = 'readings' in answer ? answer.readings[0]?.face?.template : undefined
    verifier = localVerifier({
      pool,
      limits: thresholds,
      references: { find: async () => reference, add: async () => undefined, erase: async () => true },
    })
  })

  /** Each picture once: two equal pictures have distance 0. */
  const complete = async (straight: Buffer, steps: Buffer[], state = 'left nearer right') =>
    verifier.complete(request, state, {
      kind: 'frames',
      frames: (await frames(straight, steps)).filter((_, index) => index % 2 === 0),
    })

  it('draws other actions each time', async () => {
    const begun = await Promise.all(Array.from({ length: 8 }, () => verifier.begin(request)))
    const asked = begun.map((one) => (one.kind === 'capture' ? String(one.actions) : one.kind))
    expect(new Set(asked).size).toBeGreaterThan(2)
  })

  it('passes the right person who does the actions', async () => {
    const asked: Action[] = ['left', 'nearer', 'right', 'blink']
    const steps = await Promise.all(asked.map(forged))
    const right = await complete(await forged('straight'), steps, asked.join(' '))
    expect(right, JSON.stringify(right)).toMatchObject({ outcome: 'passed' })
    const elsewhere = await complete(await forged('straight'), steps.toReversed(), asked.join(' '))
    expect(elsewhere.outcome).toBe('failed')
  })

  it.each([
    ['another person', () => portrait(berta), 'failed', 'other_face'],
    ['a still photograph', () => portrait(anna), 'failed', 'no_left'],
    ['two people', twoPeople, 'unusable', 'two_faces'],
    ['no face', wall, 'unusable', 'no_face'],
    ['darkness', darkness, 'unusable', 'too_dark'],
    ['what only begins like a picture', async () => Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1]), 'unusable', 'broken'],
  ] as const)('refuses %s with a reason', async (_, picture, outcome, reason) => {
    const one = await picture()
    const result = await complete(one, [one])
    expect(result).toMatchObject({ outcome, reasons: expect.arrayContaining([reason]) })
  })

  it('analyses only three faces of a crowd: each takes as long as a picture', async () => {
    const answer = await pool.read([{ step: 0, jpeg: await crowd() }])
    expect('readings' in answer && answer.readings[0]?.faces).toBe(3)
  })

  it('is busy when it takes longer than the limit, and continues with the next capture', async () => {
    const hurried = createFacePool({ threads: 1, queue: 1, mostMs: 1 })
    const frame = { step: 0, jpeg: await wall() }
    expect(await Promise.all([hurried.read([frame]), hurried.read([frame])])).toEqual([{ slow: true }, { slow: true }])
    await hurried.close()
  })

  it('refuses captures without a free place, before it receives pictures', () => {
    const places = [pool.enter(), pool.enter(), pool.enter()]
    expect(places.map((place) => place !== undefined)).toEqual([true, true, false])
    places[0]?.leave()
    places[0]?.leave()
    expect([pool.enter(), pool.enter()].map((place) => place !== undefined)).toEqual([true, false])
  })
})
