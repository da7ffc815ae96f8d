import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import sharp from 'sharp'

/** Photographs that ship with @vladmandic/face-api: six group pictures. */
const folder = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo')
/** @internal */
export const photographs = [1, 2, 3, 4, 5, 6].map((number) => join(folder, `sample${number}.jpg`))

/** The size of a camera picture. @internal */
export const camera = { width: 640, height: 480 } as const

/** Position of a face in a photograph 1200 pixels wide. */
export interface FaceArea {
  photograph: number
  x: number
  y: number
  width: number
  height: number
}

/** Two people, each in one of the photographs. */
export const anna: FaceArea = { photograph: 5, x: 695, y: 124, width: 99, height: 148 }
export const berta: FaceArea = { photograph: 3, x: 366, y: 205, width: 125, height: 170 }

/** A picture of this person alone, like a camera picture. */
export async function pictureOf(area: FaceArea) {
  const picture = sharp(photographs[area.photograph - 1])
  const scale = ((await picture.metadata()).width ?? 0) / 1200
  const high = area.height * scale * 2
  const wide = (high * camera.width) / camera.height
  const left = Math.max(0, Math.round((area.x + area.width / 2) * scale - wide / 2))
  const top = Math.max(0, Math.round((area.y + area.height * 0.45) * scale - high / 2))
  return picture
    .extract({ left, top, width: Math.round(wide), height: Math.round(high) })
    .resize(camera.width, camera.height)
    .removeAlpha()
}
