import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { drawActions, actions as all, type Action } from '../../../src/proofing/face/challenge.ts'
import { captureLimits, readCapturedFrames } from '../../../src/proofing/face/captured-frames.ts'
import { judge, type FaceReading, type Reading } from '../../../src/proofing/face/judge.ts'
import { thresholds as limits } from '../../../src/proofing/face/thresholds.ts'
import { faceReasons } from '../../../src/proofing/face/face-verifier.ts'
import { writeFrames } from '../../setup/faces.ts'

/** A template at this distance from the reference. */
const at = (distance: number) => [distance, ...Array.from({ length: 127 }, () => 0)]
const reference = at(0)
const calm: FaceReading = { width: 150, turn: 0.02, eyes: 0.3, template: at(0.3) }
const reading = (step: number, face: Partial<FaceReading> = {}, rest: Partial<Reading> = {}): Reading => ({
  step,
  light: 120,
  faces: 1,
  face: { ...calm, ...face },
  ...rest,
})
const doing: Record<Action, Partial<FaceReading>> = {
  left: { turn: 0.15 },
  right: { turn: -0.1 },
  nearer: { width: 190 },
  blink: { eyes: 0.2 },
}
const capture = (actions: readonly Action[], straight: Partial<FaceReading> = {}) => [
  reading(0, straight),
  reading(0, straight),
  ...actions.flatMap((action, index) => [
    reading(index + 1, straight),
    reading(index + 1, { ...straight, ...doing[action] }),
  ]),
]
const asked: Action[] = ['left', 'nearer', 'right', 'blink']
const decide = (readings: Reading[], actions = asked) => judge(readings, { actions, reference, limits })

describe('a capture', () => {
  it('passes when one face did all actions, and is the face of the reference', () => {
    expect(decide(capture(asked))).toMatchObject({ outcome: 'passed', reasons: [] })
  })

  it.each([
    ['another face', capture(asked, { template: at(0.7) }), 'failed', ['other_face']],
    ['a face between sure and unsure', capture(asked, { template: at(0.52) }), 'unusable', ['not_sure']],
    [
      'a still picture',
      capture(asked).map(({ step }) => reading(step)),
      'failed',
      ['no_left', 'no_nearer', 'no_right', 'no_blink'],
    ],
    [
      'the right movements in another order',
      capture(['right', 'nearer', 'left', 'blink']),
      'failed',
      ['no_left', 'no_right'],
    ],
    [
      'a head that swings both ways',
      capture(asked).flatMap((one) => (one.step === 1 ? [one, reading(1, doing.right)] : [one])),
      'failed',
      ['no_left'],
    ],
    ['two people taking turns', [...capture(asked), reading(2, { template: at(1) })], 'failed', ['changed_face']],
    ['two faces', capture(asked).map((one) => ({ ...one, faces: 2 })), 'unusable', ['two_faces']],
    [
      'no face',
      [reading(0), ...capture(asked).map(({ step }) => ({ step, light: 120, faces: 0 }))],
      'unusable',
      ['no_face'],
    ],
    ['darkness', capture(asked).map((one) => ({ ...one, light: 10 })), 'unusable', ['too_dark']],
    ['a face far away', capture(asked, { width: 40 }), 'unusable', ['too_far']],
    ['nothing', [], 'unusable', ['broken']],
    ['no picture of looking straight', capture(asked).filter(({ step }) => step > 0), 'unusable', ['no_face']],
  ] as const)('of %s is refused', (_, readings, outcome, reasons) => {
    expect(decide([...readings])).toMatchObject({ outcome, reasons })
  })
})

it('each reason has a sentence on the page', () => {
  const view = readFileSync(new URL('../../../views/parts/face-told.eta', import.meta.url), 'utf8')
  for (const reason of faceReasons) expect(view).toContain(`'${reason}'`)
})

it('draws each action once, in every order', () => {
  const drawn = new Set(Array.from({ length: 500 }, () => String(drawActions(all, 3))))
  expect(drawn.size).toBe(24)
  for (const order of drawn) expect(new Set(order.split(',')).size).toBe(3)
})

describe('the body from the capture page', () => {
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3])

  it('is parsed', () => {
    const sent = [0, 1, 2].map((step) => ({ step, jpeg }))
    expect(readCapturedFrames(writeFrames(sent))?.map(({ step, jpeg: read }) => [step, Buffer.from(read)])).toEqual(
      sent.map(({ step }) => [step, jpeg]),
    )
  })

  it.each([
    ['another type', writeFrames([{ step: 0, jpeg: Buffer.from('GIF89a') }])],
    ['too many', writeFrames(Array.from({ length: captureLimits.frames + 1 }, () => ({ step: 0, jpeg })))],
    ['one too large', writeFrames([{ step: 0, jpeg: Buffer.concat([jpeg, Buffer.alloc(captureLimits.frameBytes)]) }])],
    ['one cut off', writeFrames([{ step: 0, jpeg }]).subarray(0, -1)],
    ['a head cut off', Buffer.from([0, 0, 0])],
  ])('is refused: %s', (_, body) => {
    expect(readCapturedFrames(body)).toBeUndefined()
  })
})
