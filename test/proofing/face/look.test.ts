import { expect, it, onTestFinished } from 'vitest'
import { openFaceEngine } from '../../../src/proofing/face/engine.ts'
import { judge } from '../../../src/proofing/face/judge.ts'
import { judgeLook, type Look } from '../../../src/proofing/face/look.ts'
import { createFacePool } from '../../../src/proofing/face/pool.ts'
import { thresholds } from '../../../src/proofing/face/thresholds.ts'
import {
  anna,
  atTheEdge,
  berta,
  darkness,
  drawn,
  farAway,
  forged,
  portrait,
  twoPeople,
  wall,
} from '../../setup/faces.ts'

const { framing, darkest } = thresholds
const well: Look = { light: 120, faces: 1, face: { width: 0.45, aside: 0.05 } }

it.each<[string, Look, string]>([
  ['well placed', well, 'good'],
  ['dark, and nothing to see', { light: darkest - 1, faces: 0 }, 'dark'],
  ['just light enough', { ...well, light: darkest }, 'good'],
  ['nobody', { light: 120, faces: 0 }, 'none'],
  ['two', { ...well, faces: 2 }, 'many'],
  ['at the limit of the middle', { ...well, face: { width: 0.45, aside: framing.aside } }, 'good'],
  ['out of the middle', { ...well, face: { width: 0.45, aside: framing.aside + 0.01 } }, 'aside'],
  ['smallest', { ...well, face: { width: framing.smallest, aside: 0 } }, 'good'],
  ['too small', { ...well, face: { width: framing.smallest - 0.01, aside: 0 } }, 'far'],
  ['largest', { ...well, face: { width: framing.largest, aside: 0 } }, 'good'],
  ['too large', { ...well, face: { width: framing.largest + 0.01, aside: 0 } }, 'close'],
])('%s', (_name, look, seen) => expect(judgeLook(look, thresholds)).toBe(seen))

it('a face that is placed well is large enough for the judge, also when it comes nearer', () => {
  // the judge counts pixels in a picture of 480; its shorter side is 360 on a computer and 480 on a phone
  expect(framing.smallest * 360).toBeGreaterThan(thresholds.smallestFace)
  expect(framing.largest * thresholds.nearer).toBeLessThan(1)
})

it.each([
  ['a face', () => portrait(anna), 'good'],
  ['another face', () => portrait(berta), 'good'],
  ['a face turned to its left', () => forged('left'), 'good'],
  ['a face with closed eyes', () => forged('blink'), 'good'],
  ['a face close up', () => forged('nearer'), 'close'],
  ['a face far away', farAway, 'far'],
  ['a face at the edge', atTheEdge, 'aside'],
  ['two people', twoPeople, 'many'],
  ['a drawing of a face', drawn, 'none'],
  ['a wall', wall, 'none'],
  ['darkness', darkness, 'dark'],
])('the detector sees %s', async (_name, picture, seen) => {
  const engine = await opened
  const jpeg = await picture()
  const look = await engine.look(jpeg)
  expect(judgeLook(look, thresholds), JSON.stringify(look)).toBe(seen)
  // it never calls a picture good that the judge cannot use
  const reading = await engine.read(jpeg, 0)
  const verdict = judge([reading], { actions: [], reference: reading.face?.template ?? [], limits: thresholds })
  if (seen === 'good') expect(verdict.outcome, JSON.stringify(verdict)).toBe('passed')
  // it recognises no person
  expect(Object.keys(look.face ?? {})).toEqual(look.face ? ['width', 'aside'] : [])
})

const opened = openFaceEngine(thresholds)

it('a look never waits: while a capture is measured or waits, the answer is none', async () => {
  const pool = createFacePool({ threads: 1, queue: 1 })
  onTestFinished(() => pool.close())
  const still = await portrait(anna)
  expect(await pool.look(still)).toMatchObject({ faces: 1 })
  expect(await pool.look(Buffer.from('no picture'))).toBeUndefined()
  const place = pool.enter()
  const capture = pool.read([{ step: 0, jpeg: still }])
  expect(await pool.look(still)).toBeUndefined()
  expect(await capture).toMatchObject({ readings: [{ faces: 1 }] })
  place?.leave()
  // a look takes no place from a capture for longer than it runs
  const looking = pool.look(still)
  expect(pool.enter()).toBeDefined()
  expect(await looking).toMatchObject({ faces: 1 })
})
