import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { decodeJwt, exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClientInput } from '../../src/clients/metadata.ts'
import type { Services } from '../../src/services.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import {
  api,
  authorizations,
  bearers,
  bends,
  grants,
  headerSets,
  jsonOf,
  post,
  redirectUri,
  scopes,
  stories,
  types,
  type Answer,
  type Portal,
  type Sent,
} from './direct-inputs.ts'

// A request goes to an endpoint as portals send it, and with a query, which only oidc-provider answers. Both answers must be equal.

const by = 'administrator:test'
const scope = 'openid profile phone offline_access'
const agent = new Agent({ keepAlive: true })
const directory = mkdtempSync(join(tmpdir(), 'yideng-resources-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let server: RunningServer
let services: Services

const send = ({ path, method, headers, body }: Sent, query = '') =>
  new Promise<Answer>((resolve, reject) => {
    const asked = request(`${server.issuer}${path}${query}`, { agent, method, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }))
    })
    asked.on('error', reject)
    asked.end(body)
  })

/** The two ways of a request. */
const ways = ['', '?through=oidc-provider'] as const
const tokenNames = new Set(['access_token', 'refresh_token', 'id_token'])
/** What two answers must have in common: of tokens the length or the names of claims, of pages the status and the headers. */
function shapeOf(answer: Answer) {
  const {
    date: _date,
    connection: _connection,
    'keep-alive': _alive,
    'content-length': _length,
    ...same
  } = answer.headers
  const { status } = answer
  // a page has a number of its own
  if (!String(same['content-type']).includes('json')) return { status, type: same['content-type'] }
  const fields = Object.entries(answer.body === '' ? {} : jsonOf(answer)).map(([name, value]): [string, unknown] => {
    if (name === 'reference') return [name, typeof value]
    if (!tokenNames.has(name)) return [name, value]
    const text = String(value)
    return [name, text.includes('.') ? Object.keys(decodeJwt(text)) : text.length]
  })
  return { status, same, fields }
}

let made = 0
async function portal(registration: Partial<ClientInput> = {}): Promise<Portal> {
  made += 1
  const name = `门户${'甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥'.charAt(made)}`
  const given = { name, redirect_uris: [redirectUri], consent: 'implicit', scope, ...registration }
  const created = await services.clients.create(given, by)
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  return { id: created.client.id, secret: created.secret ?? 'x'.repeat(43) }
}

const service = (more: Partial<ClientInput> = {}) =>
  portal({ type: 'service', redirect_uris: [], scope: 'openid', ...more })

/** A browser that signs in to a portal, and makes codes for it. */
async function browserOf(of: Portal) {
  const { username } = await openPerson(services)
  const visitor = new Visitor(server.issuer)
  return async (more: Record<string, string> = {}): Promise<Record<string, string>> => {
    const verifier = randomBytes(32).toString('base64url')
    const url = new URL('/authorize', server.issuer)
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const parameters = { client_id: of.id, response_type: 'code', redirect_uri: redirectUri, scope, nonce: verifier }
    url.search = new URLSearchParams({
      ...parameters,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...more,
    }).toString()
    let page = await visitor.get(url)
    if (!page.leads) page = await signIn(visitor, page, username)
    const code = page.leads?.searchParams.get('code')
    if (!code) throw new Error(`no code: ${page.leads?.href ?? page.html}`)
    return { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }
  }
}

let web: Portal
let other: Portal
const portals: Portal[] = []
/** Values that requests have as a token. */
const tokens: string[] = []

beforeAll(async () => {
  const file = join(directory, 'resources.json')
  const words = { 'zh-CN': '读', en: 'Read' }
  writeFileSync(file, JSON.stringify({ [api]: { name: words, scopes: { read: words }, matters: {} } }))
  server = await startServer({
    YIDENG_LOG_LEVEL: 'debug',
    YIDENG_RESOURCES: file,
    YIDENG_ADDRESS_REQUESTS: '1000000',
    YIDENG_PORTAL_CALLS: '1000000',
  })
  services = await server.services()
  const { publicKey } = await generateKeyPair('ES256')
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'one' }] }
  web = await portal({ resources: [api] })
  other = await portal({ subject_type: 'public' })
  const suspended = await portal()
  const owner = await service({ resources: [api] })
  portals.push(web, other, owner, await service(), suspended)
  portals.push(await portal({ auth_method: 'client_secret_post' }))
  portals.push(await portal({ type: 'spa', scope: 'openid profile' }))
  portals.push(await portal({ auth_method: 'private_key_jwt', jwks, profile: 'fapi2' }))
  portals.push({ id: 'nobody', secret: 'x'.repeat(43) })

  const tokensOf = async (of: Portal, fields: Record<string, string>) => {
    const answer = jsonOf(await send(post(of, '/token', fields)))
    tokens.push(...[answer['access_token'], answer['refresh_token']].filter((one) => typeof one === 'string'))
    return answer
  }
  const [ofWeb, ofOther, ofSuspended] = [await browserOf(web), await browserOf(other), await browserOf(suspended)]
  await tokensOf(web, await ofWeb())
  await tokensOf(web, await ofWeb({ scope: 'openid' }))
  await tokensOf(web, await ofWeb({ claims: JSON.stringify({ userinfo: { phone_number: null } }) }))
  await tokensOf(web, await ofWeb({ resource: api, scope: 'openid read' }))
  const { refresh_token: used } = await tokensOf(other, await ofOther())
  await tokensOf(other, { grant_type: 'refresh_token', refresh_token: String(used), scope: 'openid' })
  const { access_token: revoked } = await tokensOf(other, await ofOther())
  await send(post(other, '/revoke', { token: String(revoked) }))
  await tokensOf(suspended, await ofSuspended())
  await services.clients.setStatus(suspended.id, 'suspended', by)
  await tokensOf(owner, { grant_type: 'client_credentials' })
  const { code } = await ofWeb()
  tokens.push(code ?? '', 'x'.repeat(43), 'short', '')
  // a network with a right secret waits for none of the wrong ones below
  for (const one of [web, other, owner]) await send(post(one, '/introspect', { token: 'x' }))
}, 120_000)
afterAll(() => agent.destroy())

const withText = (fields: Record<string, string | undefined>) =>
  new URLSearchParams(
    Object.entries(fields).filter((pair): pair is [string, string] => pair[1] !== undefined),
  ).toString()

const below = (many: number) => fc.nat(many - 1)

async function expectEqual(sent: Sent): Promise<void> {
  const [direct, asBefore] = [await send(sent), await send(sent, ways[1])]
  const what = JSON.stringify({ ...sent, body: sent.body.toString().slice(0, 200) })
  expect(shapeOf(direct), what).toEqual(shapeOf(asBefore))
}

describe('one request both ways has the same answer', () => {
  it('with each form, of each type, by a portal with the right secret', async () => {
    const asked: [Portal | undefined, string, Record<string, string>][] = [
      [web, '/introspect', { token: tokens[0] ?? '', token_type_hint: 'access_token' }],
      [portals[2], '/token', { grant_type: 'client_credentials', scope: 'openid' }],
    ]
    for (const [of = web, path, fields] of asked) {
      const usual = post(of, path, fields)
      expect((await send(usual)).status).toBe(200)
      for (const bend of new Set(bends))
        for (const type of new Set(types)) {
          const { authorization = '' } = usual.headers
          const headers = { authorization, ...(type === undefined ? {} : { 'content-type': type }) }
          await expectEqual({ ...usual, headers, body: Buffer.from(bend(usual.body.toString(), of)) })
        }
    }
    // otherwise both ways would be the same one
    await until(async () => /"route":"introspection".*"direct":true/.test(server.output()))
    await until(async () => /"route":"token".*"direct":true/.test(server.output()))
  })

  it('at any endpoint, of any portal, nearly right or wrong', { timeout: 300_000 }, async () => {
    const parts = fc.record({
      path: fc.constantFrom('/userinfo', '/introspect', '/introspect', '/token', '/token'),
      method: fc.constantFrom('usual', 'usual', 'usual', 'usual', 'usual', 'GET', 'POST', 'HEAD', 'PUT'),
      portal: fc.oneof(fc.constant(0), below(9)),
      authorization: fc.oneof(fc.constant(0), below(authorizations.length)),
      bearer: below(bearers.length),
      token: fc.nat(),
      headers: below(headerSets.length),
      type: below(types.length),
      bend: fc.oneof(fc.constant(0), below(bends.length)),
      hint: fc.constantFrom(undefined, undefined, 'access_token', 'refresh_token', 'x'),
      grant: below(grants.length),
      scope: below(scopes.length),
    })
    await fc.assert(
      fc.asyncProperty(parts, async (given) => {
        const of = portals[given.portal] ?? web
        const token = tokens[given.token % tokens.length] ?? ''
        const isUserinfo = given.path === '/userinfo'
        const fields: Record<string, string | undefined> =
          given.path === '/token'
            ? { ...grants[given.grant], scope: scopes[given.scope] }
            : { token, token_type_hint: given.hint }
        const usual = isUserinfo ? 'GET' : 'POST'
        const method = given.method === 'usual' ? usual : given.method
        const bodied = method === 'POST' || method === 'PUT'
        const body = Buffer.from(bodied ? (bends[given.bend]?.(withText(fields), of) ?? '') : '')
        const authorization = isUserinfo ? bearers[given.bearer]?.(token) : authorizations[given.authorization]?.(of)
        const type = types[given.type]
        const sent: Sent = {
          path: given.path,
          method,
          headers: {
            ...(authorization === undefined ? {} : { authorization }),
            ...(bodied && type !== undefined ? { 'content-type': type } : {}),
            ...headerSets[given.headers],
          },
          body,
        }
        await expectEqual(sent)
      }),
      { numRuns: 300 },
    )
  })
})

describe('one story both ways has the same answers and effects', () => {
  const entries = () =>
    services.database
      .selectFrom('audit_events')
      .select(['sequence', 'event', 'client_id'])
      .orderBy('sequence')
      .execute()
  const eventsBesides = async (known: ReadonlySet<number>) =>
    (await entries()).filter(({ sequence }) => !known.has(sequence)).map(({ event, client_id: id }) => `${event} ${id}`)

  it.each(stories)('%s', async (story, begin) => {
    const seen = []
    for (const way of ways) {
      const steps = await begin(await browserOf(web), { web, other })
      const before = new Set((await entries()).map(({ sequence }) => sequence))
      const answers: Answer[] = []
      for (const step of steps) answers.push(await send(await step(answers), way))
      const live = []
      for (const answer of answers)
        for (const name of ['access_token', 'refresh_token']) {
          const { [name]: token } = jsonOf(answer)
          if (typeof token !== 'string') continue
          const asked = jsonOf(await send(post(web, '/introspect', { token })))
          live.push([name, asked['active'], asked['scope']])
        }
      seen.push({ answers: answers.map(shapeOf), live })
      // a reuse is written after its answer
      const reused = story.includes('twice') ? [`token.reused ${web.id}`] : []
      await expect.poll(() => eventsBesides(before), { timeout: 10_000 }).toEqual(reused)
    }
    expect(seen[0]).toEqual(seen[1])
  })
})
