import type { Action } from './challenge.ts'
import type { Thresholds } from './thresholds.ts'
import { ended, type FaceReason, type FaceResult } from './face-verifier.ts'

/** Measurements of one picture. */
export interface Reading {
  step: number
  /** Mean luminance, 0 to 255. */
  light: number
  /** Number of faces above the thresholds `detection` and `secondFace`. */
  faces: number
  /** The largest face. */
  face?: FaceReading
}

export interface FaceReading {
  /** Width in pixels, in a picture of 480. */
  width: number
  /** Position of the nose between the eyes: 0 in the middle, positive when the person turns to their left. */
  turn: number
  /** Contrast around the eyes. */
  eyes: number
  /** 128 numbers; close to each other for pictures of one person. */
  template: number[]
}

type Seen = Reading & { face: FaceReading }

export const distance = (one: readonly number[], other: readonly number[]): number =>
  Math.sqrt(one.reduce((sum, value, index) => sum + (value - (other[index] ?? 0)) ** 2, 0))

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** 1 for the same picture, 0.5 at the distance where faces stop being the same. */
const likeness = (apart: number, accept: number) => Math.round(100 / (1 + (apart / accept) ** 2)) / 100

/** A living face always moves; a still picture does not. Recorded only, because a video moves as well. */
const fullUnrest = 0.1
function unrest(faces: readonly FaceReading[]): number {
  const steps = faces.slice(1).map(({ template }, index) => distance(template, faces[index]?.template ?? template))
  return steps.length === 0 ? 0 : Math.round(Math.min(1, mean(steps) / fullUnrest) * 100) / 100
}

const most = (share: number, of: readonly unknown[]) => Math.ceil(of.length * share)

/** Why these pictures cannot be judged. */
function unusable(readings: readonly Reading[], limits: Thresholds): FaceReason | undefined {
  const count = (test: (reading: Reading) => boolean) => readings.filter(test).length
  if (count(({ light }) => light < limits.darkest) >= most(0.5, readings)) return 'too_dark'
  if (count(({ faces }) => faces === 0) >= most(0.5, readings)) return 'no_face'
  // a second face in one picture may be a mistake of the detector
  if (count(({ faces }) => faces > 1) >= most(0.2, readings)) return 'two_faces'
  if (count(({ face }) => face !== undefined && face.width < limits.smallestFace) >= most(0.5, readings))
    return 'too_far'
  return undefined
}

/** Whether the action was done, relative to the pictures in which the person looks straight. */
function done(action: Action, inStep: readonly FaceReading[], straight: FaceReading, limits: Thresholds): boolean {
  const turned = inStep.map(({ turn }) => turn - straight.turn)
  const left = turned.some((by) => by >= limits.turn)
  const right = turned.some((by) => by <= -limits.turn)
  if (action === 'left') return left && !right
  if (action === 'right') return right && !left
  if (action === 'nearer') return inStep.some(({ width }) => width >= straight.width * limits.nearer)
  return inStep.some(({ eyes }) => eyes <= straight.eyes * limits.blink)
}

/**
 * Decides on the pictures of one capture: usable, one face in all of them, the actions in order, and the face of the reference.
 * Pure; docs/face.md has the error rates.
 */
export function judge(
  readings: readonly Reading[],
  expected: { actions: readonly Action[]; reference: readonly number[]; limits: Thresholds },
): FaceResult {
  const { actions, reference, limits } = expected
  const problem = readings.length === 0 ? 'broken' : unusable(readings, limits)
  if (problem) return ended('unusable', problem)

  const seen = readings.filter((reading): reading is Seen => reading.face !== undefined && reading.faces === 1)
  const atFirst = seen.filter(({ step }) => step === 0).map(({ face }) => face)
  const [first] = atFirst
  if (!first) return ended('unusable', 'no_face')
  if (seen.some(({ face }) => distance(face.template, first.template) > limits.continuity)) {
    return ended('failed', 'changed_face')
  }
  const straight: FaceReading = {
    ...first,
    width: mean(atFirst.map(({ width }) => width)),
    turn: mean(atFirst.map(({ turn }) => turn)),
    eyes: mean(atFirst.map(({ eyes }) => eyes)),
  }
  const missed = actions.filter((action, index) => {
    const inStep = seen.filter(({ step }) => step === index + 1).map(({ face }) => face)
    return !done(action, inStep, straight, limits)
  })
  // only straight faces are compared: a turned face has another template
  const apart = mean(atFirst.map(({ template }) => distance(template, reference)))
  const measured = { score: likeness(apart, limits.accept), liveness: unrest(atFirst) }
  if (apart > limits.unsure) return { ...ended('failed', 'other_face'), ...measured }
  if (missed.length > 0) return { ...ended('failed', ...missed.map((action) => `no_${action}` as const)), ...measured }
  if (apart > limits.accept) return { ...ended('unusable', 'not_sure'), ...measured }
  return { ...ended('passed'), ...measured }
}
