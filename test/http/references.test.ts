import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, it } from 'vitest'
import { createCommandContext } from '../../src/admin/command-context.ts'
import { run } from '../../src/cli/run.ts'
import type { Services } from '../../src/services.ts'
import { registerPortal } from '../setup/portal.ts'
import { signedIn } from '../setup/signed-in.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import type { Visitor } from '../setup/visitor.ts'

let server: RunningServer
let services: Services
let visitor: Visitor

beforeAll(async () => {
  server = await startServer({ YIDENG_DATABASE_URL: '', YIDENG_REDIS_URL: '' })
  services = await server.services()
  visitor = (await signedIn(services)).visitor
})

const by = 'administrator:test'
const nobody = '0123456789abcdef01234567'
const number = /\b[\dA-HJKMNP-TV-Z]{4}-[\dA-HJKMNP-TV-Z]{4}\b/
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const html = { accept: 'text/html' }

/** The answer of `yideng doctor --reference`, as a process on the same machine gives it. */
async function doctor(reference: string) {
  const { environment } = server
  const context = createCommandContext({ environment, clock: () => Date.now(), actor: by })
  let text = ''
  const out = (part: string) => void (text += part)
  const terminal = undefined as never
  const argv = ['doctor', '--reference', reference, '--json']
  const code = await run({ argv, context, environment, terminal, out, err: out }).finally(() => context.close())
  return { code, text, found: code === 0 ? (JSON.parse(text) as Record<string, unknown>) : undefined }
}

const lines = (id: string) =>
  server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { id?: string; msg?: string })
    .filter((line) => line.id === id)

type Ask = () => Promise<Response>

const get = (path: string, headers: Record<string, string> = html) =>
  fetch(`${server.issuer}${path}`, { headers, redirect: 'manual' })
const post = (path: string, body: string, headers: Record<string, string> = html) =>
  fetch(`${server.issuer}${path}`, { method: 'POST', body, headers: { ...form, ...headers } })

/** A sign-out of a person who is signed in. */
const leave = async (query: string) => new Response((await visitor.get(`${server.issuer}/logout?${query}`)).html)

const authorize = async (change: Record<string, string>) => {
  const portal = await registerPortal(services)
  return fetch((await portal.begin(change)).url, { headers: html })
}

const suspended = async () => {
  const portal = await registerPortal(services)
  await services.clients.setStatus(portal.clientId, 'suspended', by)
  return portal
}

async function refusedAdministrator(): Promise<Response> {
  for (;;) {
    const answer = await fetch(`${server.issuer}/admin/v1/client/list`, { method: 'POST', body: '{}' })
    if (answer.status === 429 || answer.status >= 500) return answer
    await answer.text()
  }
}

const answers: [string, Ask, object][] = [
  ['an unknown client', () => authorize({ client_id: nobody }), { code: 'client_unknown', asked: nobody }],
  ['a name in place of a client', () => authorize({ client_id: 'zhangsan' }), { code: 'client_unknown' }],
  [
    'a return address with a slash too many',
    () => authorize({ redirect_uri: 'http://localhost:1/callback/?name=x' }),
    { code: 'redirect_uri_mismatch', error: 'invalid_redirect_uri', asked: 'http://localhost:1/callback/' },
  ],
  ['no return address', () => authorize({ redirect_uri: '' }), { code: 'request_invalid', error: 'invalid_request' }],
  [
    'a suspended portal',
    async () => fetch((await (await suspended()).begin()).url, { headers: html }),
    { code: 'client_paused', error: 'invalid_client' },
  ],
  ['no such page', () => get('/nowhere'), { code: 'not_found', status: 404, route: 'none' }],
  ['no such page, for a program', () => get('/nowhere', { accept: 'application/json' }), { code: 'not_found' }],
  ['an expired sign-in', () => get(`/login/${'x'.repeat(43)}`), { code: 'login_expired', status: 400 }],
  ['a form without its token', () => post('/register', ''), { code: 'csrf', status: 403, method: 'POST' }],
  [
    'a body of another type',
    () => post('/register', '{}', { ...html, 'content-type': 'application/json' }),
    { code: 'unsupported_media_type', status: 415 },
  ],
  ['a sign-out with a foreign hint', () => leave('id_token_hint=x'), { code: 'logout_hint' }],
  ['a sign-out of an unknown portal', () => leave(`client_id=${nobody}`), { code: 'logout_portal', asked: nobody }],
  [
    'a sign-out of a suspended portal',
    async () => leave(`client_id=${(await suspended()).clientId}`),
    { code: 'logout_paused' },
  ],
  [
    'a sign-out to an unregistered address',
    async () => {
      const { clientId } = await registerPortal(services)
      return leave(`client_id=${clientId}&post_logout_redirect_uri=http://localhost:1/bye/`)
    },
    { code: 'logout_address', asked: 'http://localhost:1/bye/' },
  ],
  ['a repeated sign-out parameter', () => leave('state=1&state=2'), { code: 'logout_request' }],
  ['a sign-out form without its secret', () => post('/logout/confirm', 'logout=yes'), { code: 'logout_invalid' }],
  ['a device form without its secret', () => post('/device', 'user_code=BCDF-GHJK'), { code: 'login_expired' }],
  ['an administrator without a token', refusedAdministrator, { code: 'too_many_requests', status: 429 }],
]

describe('an answer with a reference number leads to its reason, in the log and by doctor', () => {
  it.each(answers)('%s', async (_what, ask, reason) => {
    const answer = await ask()
    const page = await answer.text()
    const [reference = ''] = number.exec(page) ?? []
    expect(reference, page).not.toBe('')
    await until(async () => (await doctor(reference)).code === 0)
    expect((await doctor(reference.toLowerCase().replace('-', ' '))).found).toMatchObject({ reference, ...reason })
    await expect.poll(() => lines(reference)).toContainEqual(expect.objectContaining({ msg: 'request refused' }))
  })

  it.each([
    ['inside oidc-provider', '/authorize?client_id=x'],
    ['in a page of ours', '/'],
  ])('a failure %s has the lines that it passed, and no value', async (_where, path) => {
    const sqlite = new DatabaseSync(join(server.dataDir, 'yideng.sqlite'))
    sqlite.exec('alter table clients rename to hidden')
    const answer = await get(path)
    sqlite.exec('alter table hidden rename to clients')
    sqlite.close()
    expect(answer.status).toBe(500)
    const [reference = ''] = number.exec(await answer.text()) ?? []
    await until(async () => (await doctor(reference)).code === 0)
    const { found } = await doctor(reference)
    expect(found).toMatchObject({ code: 'server_error', status: 500 })
    expect(found?.['where']).toContainEqual(expect.stringMatching(/^src\/[\w/-]+\.ts:\d+/))
    await expect.poll(() => lines(reference)).toContainEqual(expect.objectContaining({ msg: 'request failed' }))
  })

  it('the reason of an unavailable store is kept as soon as the store can be used', async () => {
    const portal = await registerPortal(services)
    const { url } = await portal.begin()
    const sqlite = new DatabaseSync(join(server.dataDir, 'artifacts.sqlite'))
    sqlite.exec('begin exclusive')
    const answer = await fetch(url, { headers: html })
    sqlite.exec('rollback')
    sqlite.close()
    expect(answer.status).toBe(503)
    const [reference = ''] = number.exec(await answer.text()) ?? []
    await until(async () => (await doctor(reference)).code === 0)
    expect((await doctor(reference)).found).toMatchObject({ code: 'unavailable', status: 503 })
  }, 40_000)

  it.each([
    ['0000-0000', 3, 'There is no reason'],
    ['oOiIlL00', 3, 'reference number 0011-1100'],
    ['k7q2–m9xa', 3, 'reference number K7Q2-M9XA'],
    ['00000000', 3, 'seven days'],
    ['1234', 2, 'eight characters'],
    ['K7Q2-M9XU', 2, 'eight characters'],
    ['%', 2, 'eight characters'],
  ])('%s is told plainly', async (reference, code, words) => {
    const answer = await doctor(reference)
    expect(answer.code).toBe(code)
    expect(answer.text).toContain(words)
  })
})

it('no answer shows a reference number without a reason', () => {
  const source = new URL('../../src/', import.meta.url)
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const shown = files.flatMap((name) =>
    readFileSync(new URL(name, source), 'utf8')
      .split('\n')
      .filter(
        (line) =>
          /^(?!\s*(?:\/\*|\*|\/\/)).*\breference\b.*\b(requestOf|request)\b/.test(line) &&
          !/refer(red|Flaw)?\(/.test(line),
      )
      .map((line) => `${name}: ${line.trim()}`),
  )
  expect(shown).toEqual([])
})
