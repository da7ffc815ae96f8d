import type { Back } from '../../src/admin/house.ts'
import type { Action } from '../../src/proofing/face/challenge.ts'
import { openFaceEngine } from '../../src/proofing/face/engine.ts'
import { thresholds } from '../../src/proofing/face/thresholds.ts'
import { anna, forged, portrait, writeFrames } from './faces.ts'
import { find } from './organisation.ts'
import type { Page, Visitor } from './visitor.ts'

let template: Promise<number[]> | undefined

async function templateOfAnna(): Promise<number[]> {
  const engine = await openFaceEngine(thresholds)
  const { face } = await engine.read(await portrait(anna), 0)
  if (!face) throw new Error('no face in the photograph')
  return face.template
}

/** Puts anna's photograph into the register under this person's number, and their name. */
export async function photographed(house: Back, person: { id: string; number: string }): Promise<void> {
  const { name } = house.persons.reveal(await find(house, person))
  const whose = { documentType: 'resident_id', documentNumber: person.number }
  const taken = await (template ??= templateOfAnna())
  await house.database.transaction().execute(async (transaction) => {
    await house.register.add(transaction, [{ ...whose, nameKey: name }])
    await house.faceReferences.add(transaction, [{ ...whose, template: taken }])
  })
}

const attribute = (page: Page, name: string) => {
  const value = new RegExp(`${name}="([^"]*)"`).exec(page.html)?.[1]
  if (value === undefined) throw new Error(`no ${name} on ${page.url.pathname} (${page.status}):\n${page.html}`)
  return value
}

export interface CaptureAnswer {
  status: number
  retryAfter: string | null
  outcome?: string
  reasons?: string[]
}

/** What the script of a capture page sends. */
export async function send(
  visitor: Visitor,
  page: Page,
  body: Buffer | ReadableStream,
  change: { check?: string; csrf?: string; type?: string } = {},
): Promise<CaptureAnswer> {
  const base = attribute(page, 'data-face')
  const check = change.check ?? attribute(page, 'data-check')
  const target = new URL(`${base}/frames?check=${check}`, page.url)
  const cookie = visitor.cookies
    .filter(({ path }) => target.pathname.startsWith(path))
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')
  const headers = {
    cookie,
    accept: 'application/json',
    'content-type': change.type ?? 'application/x-yideng-frames',
    'x-csrf': change.csrf ?? attribute(page, 'data-csrf'),
  }
  const answer = await fetch(target, {
    method: 'POST',
    headers,
    body,
    redirect: 'manual',
    duplex: 'half',
  } as RequestInit)
  const text = await answer.text()
  const said = text.startsWith('{') ? (JSON.parse(text) as object) : {}
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), ...said }
}

/** One picture of each step, of anna doing what the page asks. */
export async function rightFrames(page: Page): Promise<Buffer> {
  const asked = attribute(page, 'data-actions').split(' ') as Action[]
  const pictures = await Promise.all((['straight', ...asked] as const).map(forged))
  return writeFrames(pictures.map((jpeg, step) => ({ step, jpeg })))
}

/** Anna before the camera, and on. */
export async function verify(visitor: Visitor, page: Page): Promise<Page> {
  const answer = await send(visitor, page, await rightFrames(page))
  if (answer.outcome !== 'passed') throw new Error(JSON.stringify(answer))
  return visitor.submit(page, '/face/done', {})
}
