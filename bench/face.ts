import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { openFaceEngine, type FaceEngine } from '../src/proofing/face/engine.ts'
import { distance, type FaceReading } from '../src/proofing/face/judge.ts'
import { thresholds } from '../src/proofing/face/thresholds.ts'
import { photographs } from '../test/setup/faces.ts'
import { measureLoad } from './face-load.ts'

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    rounds: { type: 'string', default: '6' },
    // The p99 of all rounds depends on six values.
    'sign-ins': { type: 'string', default: '100' },
  },
})

/** High input size, because faces in a group picture are small. */
const detail = 608
/** One face in the middle of a picture. */
const closely = 416
const width = 1200
const z = 1.96

/** Wilson's interval at 95 %: valid for few pairs, and for no match at all. */
function interval(found: number, of: number): string {
  if (of === 0) return 'no pairs'
  const share = found / of
  const middle = share + z ** 2 / (2 * of)
  const half = z * Math.sqrt((share * (1 - share)) / of + z ** 2 / (4 * of ** 2))
  const bound = (value: number) => `${((100 * value) / (1 + z ** 2 / of)).toFixed(1)} %`
  return `${found} of ${of} (95 %: ${bound(Math.max(0, middle - half))} to ${bound(middle + half)})`
}

async function pictureOf(image: ReturnType<typeof sharp>) {
  const { data, info } = await image
    .resize({ width, withoutEnlargement: true })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

type Face = FaceReading & { whose: string }

const pairsOf = (faces: readonly Face[], wanted: (one: Face, other: Face) => boolean) =>
  faces.flatMap((one, index) =>
    faces.slice(index + 1).flatMap((other) => (wanted(one, other) ? [distance(one.template, other.template)] : [])),
  )

function report(name: string, different: number[], same: number[]): void {
  console.log(name)
  for (const at of [0.4, thresholds.accept, thresholds.unsure, 0.6]) {
    const falseMatches = different.filter((apart) => apart <= at).length
    const falseRefusals = same.filter((apart) => apart > at).length
    const mark = at === thresholds.accept ? ' (accepted here)' : ''
    console.log(`  distance ${at.toFixed(2)}${mark}`)
    console.log(`    false matches      ${interval(falseMatches, different.length)}`)
    if (same.length > 0) console.log(`    false non-matches  ${interval(falseRefusals, same.length)}`)
  }
}

/** Pictures from a package. Their only labels: all faces in one group picture are of different people. */
async function shipped(engine: FaceEngine): Promise<void> {
  const faces = (
    await Promise.all(
      photographs.map(async (file, index) => {
        const found = await engine.faces(await pictureOf(sharp(file)), detail)
        return found.map((face) => ({ ...face, whose: String(index) }))
      }),
    )
  ).flat()
  console.log(`${faces.length} faces found in ${photographs.length} group pictures of @vladmandic/face-api`)
  report(
    'People in one picture, who are different people:',
    pairsOf(faces, (one, other) => one.whose === other.whose),
    [],
  )
  const across = pairsOf(faces, (one, other) => one.whose !== other.whose)
  const near = across.filter((apart) => apart <= thresholds.accept).length
  console.log(
    `Across pictures nobody has labelled who is who: ${interval(near, across.length)} would be accepted as the same; ` +
      'were all of them different people, that were the false match rate.',
  )
}

/** A face that fills more of its picture than this was cropped. */
const cutClose = 0.6

/** The face of a picture. A camera leaves a margin; a cropped face gets a grey margin, because the engine needs one. */
async function faceIn(engine: FaceEngine, file: string): Promise<FaceReading | undefined> {
  const picture = await pictureOf(sharp(file))
  const [face] = await engine.faces(picture, closely)
  if (face && face.width < picture.width * cutClose) return face
  const [side, above] = [Math.round(picture.width / 2), Math.round(picture.height / 2)]
  const room = { left: side, right: side, top: above, bottom: above, background: 'grey' }
  const [again] = await engine.faces(await pictureOf(sharp(await sharp(file).extend(room).toBuffer())), closely)
  return again
}

/** Each folder has one folder for each person; no person is in two folders. */
async function labelled(engine: FaceEngine, folders: readonly string[]): Promise<void> {
  const faces: Face[] = []
  for (const folder of folders) {
    for (const whose of readdirSync(folder)) {
      for (const name of readdirSync(join(folder, whose))) {
        const face = await faceIn(engine, join(folder, whose, name))
        if (face) faces.push({ ...face, whose: join(folder, whose) })
        else console.log(`  no face: ${whose}/${name}`)
      }
    }
  }
  const people = new Set(faces.map(({ whose }) => whose)).size
  report(
    `${faces.length} pictures of ${people} people in ${folders.join(', ')}`,
    pairsOf(faces, (one, other) => one.whose !== other.whose),
    pairsOf(faces, (one, other) => one.whose === other.whose),
  )
}

if (options.only !== 'load') {
  const engine = await openFaceEngine(thresholds)
  await shipped(engine)
  if (options.pairs.length > 0) await labelled(engine, options.pairs)
}
if (options.only !== 'errors') {
  await measureLoad({ rounds: Number(options.rounds), signIns: Number(options['sign-ins']) })
}
process.exit(0)
