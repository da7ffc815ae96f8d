import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openFaceEngine } from '../../src/proofing/face/engine.ts'
import { thresholds } from '../../src/proofing/face/thresholds.ts'
import { columnMarks } from '../../src/storage/schema.ts'
import { commandLine } from '../cli/in-process.ts'
import { sendingTo, startCollector } from '../setup/collector.ts'
import { camera, room, send, verify } from '../setup/face.ts'
import { anna, berta, forged, portrait, writeFrames } from '../setup/faces.ts'
import { find } from '../setup/organisation.ts'
import { openPerson } from '../setup/person.ts'
import { startServer, until } from '../setup/server.ts'

/** Encodings of bytes. In base64 a part can begin at three positions. */
const spellings = (bytes: Buffer): Buffer[] => [
  bytes,
  Buffer.from(bytes.toString('hex')),
  ...[0, 1, 2].flatMap((from) =>
    (['base64', 'base64url'] as const).map((form) => {
      const whole = bytes.subarray(from, bytes.length - ((bytes.length - from) % 3))
      return Buffer.from(whole.toString(form))
    }),
  ),
]

/** Parts of a picture. They are unique, unlike the header of a JPEG. */
const partsOf = (picture: Buffer) =>
  [0.3, 0.6, 0.9].flatMap((share) => {
    const from = Math.floor(picture.length * share)
    return spellings(picture.subarray(from, from + 48))
  })

/** Consecutive numbers of a template, in binary and as text. */
const numbersOf = (template: readonly number[]) =>
  [0, 64, 120].flatMap((from) => {
    const some = template.slice(from, from + 6)
    const single = Buffer.from(new Float32Array(some).buffer)
    const double = Buffer.from(new Float64Array(some).buffer)
    return [...spellings(single), ...spellings(double), ...some.map((one) => Buffer.from(String(one).slice(0, 10)))]
  })

it('no picture and no template of a face is in a store, log, metric, trace or notice; its sealed form is in one place', async () => {
  const collector = await startCollector()
  const server = await startServer({ YIDENG_LOG_LEVEL: 'trace', ...sendingTo(collector) })
  const services = await server.services()
  const who = await openPerson(services)
  const line = commandLine({ environment: server.environment })

  // the photograph of the register, as an authority delivers it
  const photos = join(line.directory, 'photos')
  mkdirSync(photos)
  const people = join(line.directory, 'people.csv')
  const { name } = services.persons.reveal(await find(services, who))
  writeFileSync(people, `document_type,document_number,name\nresident_id,${who.number},${name}\n`)
  const photograph = await portrait(anna)
  writeFileSync(join(photos, `${who.number}.jpg`), photograph)
  const imported = ['register', 'import', people, '--kind', 'people', '--photos', photos]
  expect(await line.json(...imported)).toMatchObject({ imported: 1, photos: 1 })

  // another person at the camera, then the holder; then the page and the export
  const { visitor, page } = await room(server.issuer, who)
  const stranger = await portrait(berta)
  const first = await camera(visitor, page)
  expect(await send(visitor, first, writeFrames([{ step: 0, jpeg: stranger }]))).toMatchObject({ outcome: 'failed' })
  const seen = await send(visitor, first, writeFrames([{ step: 0, jpeg: stranger }]), { to: 'look' })
  expect(seen).toMatchObject({ seen: 'late' })
  const asked = await camera(visitor, await visitor.get('/account/face'))
  expect(await send(visitor, asked, writeFrames([{ step: 0, jpeg: stranger }]), { to: 'look' })).toMatchObject({
    seen: 'good',
  })
  const done = await verify(visitor, asked)
  expect(done.url.search).toBe('?done=proved')
  const exported = await visitor.get('/account/data')
  const metrics = await (await fetch(`${server.issuer}/metrics`)).text()
  await until(async () => collector.spans().some(({ name: span }) => span.includes('face')))

  const engine = await openFaceEngine(thresholds)
  const captured = [photograph, stranger, await forged('straight'), await forged('left'), await forged('right')]
  const readings = await Promise.all(captured.map((picture) => engine.read(picture, 0)))
  const templates = readings.flatMap(({ face }) => (face ? [face.template] : []))
  expect(templates.length).toBeGreaterThanOrEqual(3)
  const kept = await services.faceReferences.find({ documentType: 'resident_id', documentNumber: who.number })
  expect(kept).toHaveLength(128)
  const forms = [...captured.flatMap(partsOf), ...[...templates, kept ?? []].flatMap(numbersOf)]
  const among = (text: Buffer) =>
    forms.filter((form) => text.includes(form)).map((form) => form.toString('latin1', 0, 24))
  // the search finds the values if they are there
  expect(among(Buffer.from(JSON.stringify({ kept })))).not.toEqual([])
  expect(among(Buffer.from(Buffer.from(new Float32Array(kept ?? []).buffer).toString('base64')))).not.toEqual([])
  expect(among(writeFrames([{ step: 0, jpeg: stranger }]))).not.toEqual([])

  const { template: sealed } = await services.database
    .selectFrom('population_faces')
    .selectAll()
    .executeTakeFirstOrThrow()
  await server.kill('SIGINT')
  const said: Record<string, Buffer> = {
    log: Buffer.from(server.output()),
    metrics: Buffer.from(metrics),
    traces: Buffer.from(collector.bodies.join('\n')),
    pages: Buffer.from(done.html + exported.html),
  }
  // files in the directory of events disappear at once
  const names = readdirSync(server.dataDir).filter((entry) => entry !== 'events')
  for (const file of names) said[file] = readFileSync(join(server.dataDir, file))
  for (const [where, text] of Object.entries(said)) {
    expect(among(text), where).toEqual([])
    const isStore = where.startsWith('yideng.sqlite')
    if (!isStore) expect(text.includes(sealed), where).toBe(false)
  }
  // by rows, so that it works on PostgreSQL too
  const holding: string[] = []
  for (const table of Object.keys(columnMarks) as (keyof typeof columnMarks)[]) {
    const rows = await services.database.selectFrom(table).selectAll().execute()
    expect(among(Buffer.from(JSON.stringify(rows))), table).toEqual([])
    if (JSON.stringify(rows).includes(sealed)) holding.push(table)
  }
  expect(holding).toEqual(['population_faces'])
})
