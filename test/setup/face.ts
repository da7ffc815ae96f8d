import { randomUUID } from 'node:crypto'
import { macOf } from '../../src/keys/row-guard.ts'
import type { Services } from '../../src/services.ts'
import type { Action } from '../../src/proofing/face/challenge.ts'
import { openFaceEngine } from '../../src/proofing/face/engine.ts'
import { thresholds } from '../../src/proofing/face/thresholds.ts'
import { anna, forged, portrait, writeFrames } from './faces.ts'
import { find } from './organisation.ts'
import { openPerson, signIn } from './person.ts'
import { Visitor, type Page } from './visitor.ts'

let template: Promise<number[]> | undefined

async function templateOfAnna(): Promise<number[]> {
  const engine = await openFaceEngine(thresholds)
  const { face } = await engine.read(await portrait(anna), 0)
  if (!face) throw new Error('no face in the photograph')
  return face.template
}

/** Puts the photograph of anna into the register, under the number and name of this person. */
export async function photographed(services: Services, person: { id: string; number: string }): Promise<void> {
  const { name } = services.persons.reveal(await find(services, person))
  const whose = { documentType: 'resident_id', documentNumber: person.number }
  const taken = await (template ??= templateOfAnna())
  await services.database.transaction().execute(async (transaction) => {
    await services.register.add(transaction, [{ ...whose, nameKey: name }])
    await services.faceReferences.add(transaction, [{ ...whose, template: taken }])
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
  /** For a look. */
  seen?: string
}

/** Sends pictures as the script of a capture page does: a whole capture, or one still to look at. */
export async function send(
  visitor: Visitor,
  page: Page,
  body: Buffer | ReadableStream,
  change: { check?: string; csrf?: string; type?: string; from?: string; to?: 'frames' | 'look' } = {},
): Promise<CaptureAnswer> {
  const base = attribute(page, 'data-face')
  const check = change.check ?? attribute(page, 'data-check')
  const target = new URL(`${base}/${change.to ?? 'frames'}?check=${check}`, page.url)
  const cookie = visitor.cookies
    .filter(({ path }) => target.pathname.startsWith(path))
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ')
  const headers = {
    cookie,
    accept: 'application/json',
    'content-type': change.type ?? 'application/x-yideng-frames',
    'x-csrf': change.csrf ?? attribute(page, 'data-csrf'),
    ...(change.from === undefined ? {} : { 'x-forwarded-for': change.from }),
  }
  const answer = await fetch(target, {
    method: 'POST',
    headers,
    body,
    redirect: 'manual',
    duplex: 'half',
  })
  const text = await answer.text()
  const said = text.startsWith('{') ? (JSON.parse(text) as object) : {}
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), ...said }
}

/** One picture of anna for each step that the page asks for. */
export async function rightFrames(page: Page): Promise<Buffer> {
  const asked = attribute(page, 'data-actions').split(' ') as Action[]
  const pictures = await Promise.all((['straight', ...asked] as const).map(forged))
  return writeFrames(pictures.map((jpeg, step) => ({ step, jpeg })))
}

/** Passes the check with pictures of anna, again where the server is busy. @param from the address that the server sees */
export async function verify(visitor: Visitor, page: Page, from?: string): Promise<Page> {
  const frames = await rightFrames(page)
  const capture = () => send(visitor, page, frames, from === undefined ? {} : { from })
  let answer = await capture()
  while (answer.outcome === 'busy') {
    await new Promise((resolve) => setTimeout(resolve, 500))
    answer = await capture()
  }
  if (answer.outcome !== 'passed') throw new Error(JSON.stringify(answer))
  return visitor.submit(page, '/face/done', {})
}

/** Opens an account with a photograph in the register. */
export async function photographedPerson(services: Services, overrides: Parameters<typeof openPerson>[1] = {}) {
  const opened = await openPerson(services, overrides)
  await photographed(services, opened)
  return opened
}

/** Signs in at the face page of the account centre. */
export async function room(issuer: string, who: { username: string }) {
  const visitor = new Visitor(issuer)
  const page = await signIn(visitor, await visitor.get('/account/face'), who.username)
  return { visitor, page }
}

/** Goes on to the camera, and consents if the page asks. */
export async function camera(visitor: Visitor, page: Page): Promise<Page> {
  const next = await visitor.submit(page, '/face/start', {})
  return next.html.includes('name="agree"') ? visitor.submit(next, '/face/consent', { agree: 'yes' }) : next
}

/** Goes to the camera as a person who forgot the password; `seen` has the pages on the way. */
export async function recoveringByFace(visitor: Visitor, { username, number }: { username: string; number: string }) {
  const form = await visitor.get('/recover/face')
  const fields = { identifier: username, document_number: number }
  const consent = await visitor.submit(form, '/recover/face/identify', fields)
  const page = await visitor.submit(consent, '/recover/face/consent', { agree: 'yes' })
  return { visitor, page, seen: [form, consent, page] }
}

/** Stores passkeys of a person, made in the browser of a visitor or in another one. */
export const passkeyMade = (services: Services, personId: string, visitor?: Visitor) => async (minutesAgo: number) => {
  const id = randomUUID()
  const created_at = services.clock() - minutesAgo * 60_000
  const cookie = visitor?.cookies.find(({ name }) => name.endsWith('yideng_device'))?.value ?? ''
  const data = JSON.stringify({ device: services.devices.keyOf(cookie) })
  const row = { id, person_id: personId, kind: 'passkey', lookup_key: id, data, created_at, held_at: null }
  const sealed = { ...row, last_used_at: null, mac: macOf(services.seal, 'authenticators', row) }
  await services.database.insertInto('authenticators').values(sealed).execute()
  return id
}
