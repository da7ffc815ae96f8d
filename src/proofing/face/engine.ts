import { createRequire, registerHooks } from 'node:module'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { captureLimits } from './captured-frames.ts'
import { isPlainJpeg } from './jpeg.ts'
import type { FaceReading, Reading } from './judge.ts'
import type { Look } from './look.ts'
import type { Thresholds } from './thresholds.ts'

/** Pictures are scaled to this width, in pixels: the networks use no finer detail. */
const width = 480

/** Input sizes of the detector. A face in front of a camera is large, so the second size is rarely needed. */
const quick = 224
const thorough = 416
/** For a look: finds a face that is a little too far away as well, in half the time of the thorough size. */
const middling = 320

interface Point {
  x: number
  y: number
}

/** Only the largest faces are analysed: a crowd of sixty took ten times as long as one face. */
const mostLookedAt = 3

interface Detection {
  box: { x: number; y: number; width: number; height: number }
}

interface Found {
  detection: Detection
  landmarks: { positions: Point[] }
  descriptor: Float32Array
}

interface Tensor {
  size: number
  dispose(): void
}

/** The used parts of tfjs-core, its WebAssembly backend and face-api. */
interface Tf {
  Tensor: { prototype: Record<string, (this: Tensor, ...given: unknown[]) => unknown> }
  tensor3d(values: Int32Array, shape: [number, number, number], type: 'int32'): Tensor
  reshape(tensor: Tensor, shape: number[]): Tensor
  setBackend(name: string): Promise<boolean>
}
interface Wasm {
  setWasmPaths(folder: string): void
  setThreadsCount(count: number): void
}
interface FaceApi {
  nets: Record<
    'tinyFaceDetector' | 'faceLandmark68Net' | 'faceRecognitionNet',
    { loadFromDisk(at: string): Promise<void> }
  >
  TinyFaceDetectorOptions: new (options: { inputSize: number; scoreThreshold: number }) => object
  detectAllFaces(image: Tensor, options: object): Detecting
}

/** Later steps call `run` for the faces. */
interface Detecting {
  run(): Promise<Detection[]>
  withFaceLandmarks(): { withFaceDescriptors(): Promise<Found[]> }
}

/** Tensor methods that face-api calls. Only the complete tfjs package (332 MB) would add them. */
const chained = ['add', 'sub', 'mul', 'div', 'mean', 'transpose', 'slice', 'expandDims', 'reshape'] as const

async function load(): Promise<{ tf: Tf; faceApi: FaceApi }> {
  // face-api imports the complete tfjs; its core is enough
  registerHooks({
    resolve: (name, context, next) => next(name === '@tensorflow/tfjs' ? '@tensorflow/tfjs-core' : name, context),
  })
  const require = createRequire(import.meta.url)
  const folderOf = (file: string) => dirname(require.resolve(file))
  const tf = require('@tensorflow/tfjs-core') as Tf
  const wasm = require('@tensorflow/tfjs-backend-wasm') as Wasm
  const operations = tf as unknown as Record<string, (...given: unknown[]) => unknown>
  const { prototype } = tf.Tensor
  for (const name of chained)
    prototype[name] = function operate(...given) {
      return operations[name]?.(this, ...given)
    }
  prototype['as1D'] = function flat() {
    return tf.reshape(this, [this.size])
  }
  for (const name of ['as2D', 'as3D', 'as4D'])
    prototype[name] = function shape(...given) {
      return tf.reshape(this, given as number[])
    }
  wasm.setWasmPaths(`${folderOf('@tensorflow/tfjs-backend-wasm')}/`)
  wasm.setThreadsCount(1)
  if (!(await tf.setBackend('wasm'))) throw new Error('the face engine cannot start: no WebAssembly')
  const faceApi = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as FaceApi
  const models = join(folderOf('@vladmandic/face-api/package.json'), 'model')
  const { tinyFaceDetector, faceLandmark68Net, faceRecognitionNet } = faceApi.nets
  for (const net of [tinyFaceDetector, faceLandmark68Net, faceRecognitionNet]) await net.loadFromDisk(models)
  return { tf, faceApi }
}

export interface Picture {
  data: Buffer
  width: number
  height: number
}

/** Not a picture, larger than `captureLimits.pixels`, or not encoded as a camera does. */
export class Undecodable extends Error {}

async function decode(jpeg: Uint8Array): Promise<Picture> {
  if (!isPlainJpeg(jpeg, captureLimits.pixels)) throw new Undecodable('not as a camera makes it')
  try {
    const { data, info } = await sharp(jpeg, { limitInputPixels: captureLimits.pixels, failOn: 'error' })
      .rotate()
      .resize({ width, withoutEnlargement: true })
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { data, width: info.width, height: info.height }
  } catch (cause) {
    throw new Undecodable('not a picture', { cause })
  }
}

const luminance = ({ data }: Picture, at: number) =>
  0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0)

/** Mean luminance of every eighth pixel: enough to detect darkness. */
function lightOf(picture: Picture): number {
  let sum = 0
  let count = 0
  for (let at = 0; at + 2 < picture.data.length; at += 24, count += 1) sum += luminance(picture, at)
  return count === 0 ? 0 : sum / count
}

/** Standard deviation over mean of the luminance around one eye: an iris has contrast, a lid has not. */
function contrastOf(picture: Picture, eye: readonly Point[]): number {
  const [from, , , to] = eye
  if (!from || !to) return 0
  const size = Math.hypot(to.x - from.x, to.y - from.y)
  const middle = (axis: 'x' | 'y') => eye.reduce((sum, point) => sum + point[axis], 0) / eye.length
  const values: number[] = []
  for (let y = -0.3; y <= 0.3; y += 0.05) {
    for (let x = -0.35; x <= 0.35; x += 0.05) {
      const column = Math.round(middle('x') + x * size)
      const row = Math.round(middle('y') + y * size)
      values.push(luminance(picture, (row * picture.width + column) * 3))
    }
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return mean === 0 ? 0 : Math.sqrt(variance) / mean
}

/** Reads the 68 points of the iBUG annotation: 30 is the tip of the nose, 36 to 41 and 42 to 47 are the eyes. */
function readFace(picture: Picture, { detection, landmarks, descriptor }: Found): FaceReading {
  const points = landmarks.positions
  const [left, right, nose] = [points[36], points[45], points[30]]
  if (!left || !right || !nose) throw new Error('the landmarks are not 68')
  const across = { x: right.x - left.x, y: right.y - left.y }
  const along = ((nose.x - left.x) * across.x + (nose.y - left.y) * across.y) / (across.x ** 2 + across.y ** 2)
  const eyes = (contrastOf(picture, points.slice(36, 42)) + contrastOf(picture, points.slice(42, 48))) / 2
  return { width: detection.box.width, turn: along - 0.5, eyes, template: [...descriptor] }
}

export interface FaceEngine {
  /** Where the largest face is, with the same detector as `read` and without a template. @throws Undecodable */
  look(jpeg: Uint8Array): Promise<Look>
  /** @throws Undecodable */
  read(jpeg: Uint8Array, step: number): Promise<Reading>
  /** The `most` largest faces of a picture. `detail`: a multiple of 32; a larger one finds smaller faces and takes longer. */
  faces(picture: Picture, detail: number, most?: number): Promise<FaceReading[]>
}

/** Opens detector, landmarks and templates of @vladmandic/face-api on WebAssembly. Takes 0.3 s and 200 MB. */
export async function openFaceEngine(limits: Thresholds): Promise<FaceEngine> {
  sharp.concurrency(1)
  sharp.cache(false)
  const { tf, faceApi } = await load()

  /** Runs the detector; the faces come with the largest one first. */
  async function detect<T>(
    picture: Picture,
    detail: number,
    use: (detecting: Detecting, all: Detection[]) => T | Promise<T>,
  ): Promise<T> {
    const options = new faceApi.TinyFaceDetectorOptions({ inputSize: detail, scoreThreshold: limits.detection })
    const image = tf.tensor3d(new Int32Array(picture.data), [picture.height, picture.width, 3], 'int32')
    try {
      const detecting = faceApi.detectAllFaces(image, options)
      const all = await detecting.run()
      return await use(
        detecting,
        all.sort((one, other) => other.box.width - one.box.width),
      )
    } finally {
      image.dispose()
    }
  }

  const faces = (picture: Picture, detail: number, most?: number): Promise<FaceReading[]> =>
    detect(picture, detail, async (detecting, all) => {
      detecting.run = async () => all.slice(0, most)
      const found = await detecting.withFaceLandmarks().withFaceDescriptors()
      return found.map((one) => readFace(picture, one)).sort((one, other) => other.width - one.width)
    })

  const boxes = (picture: Picture, detail: number) =>
    detect(picture, detail, (_detecting, all) => all.map(({ box }) => box))

  const near = <T extends { width: number }>(face: T, others: readonly T[]) =>
    others.filter(({ width: other }) => other >= face.width * limits.secondFace).length

  return {
    faces,
    async look(jpeg) {
      const picture = await decode(jpeg)
      const light = lightOf(picture)
      if (light < limits.darkest) return { light, faces: 0 }
      const [face, ...others] = await boxes(picture, middling)
      if (!face) return { light, faces: 0 }
      const side = Math.min(picture.width, picture.height)
      const off = { x: face.x + face.width / 2 - picture.width / 2, y: face.y + face.height / 2 - picture.height / 2 }
      const aside = Math.hypot(off.x, off.y) / side
      return { light, faces: 1 + near(face, others), face: { width: face.width / side, aside } }
    },
    async read(jpeg, step) {
      const picture = await decode(jpeg)
      const light = lightOf(picture)
      if (light < limits.darkest) return { step, light, faces: 0 }
      const found = await faces(picture, quick, mostLookedAt)
      const [face, ...others] = found.length > 0 ? found : await faces(picture, thorough, mostLookedAt)
      if (!face) return { step, light, faces: 0 }
      return { step, light, faces: 1 + near(face, others), face }
    },
  }
}
