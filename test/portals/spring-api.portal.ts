import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { freePort } from '../setup/free-port.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'
import { build } from './build.ts'
import { startProgram, type Program } from './program.ts'
import { yideng } from './yideng.ts'

const api = 'https://licences.example.gov.cn/'
const otherApi = 'https://tax.example.gov.cn/'

const directory = mkdtempSync(join(tmpdir(), 'yideng-resources-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
let server: RunningServer
let services: Services
/** The API's own registration, which is a service that gets tokens for itself too. */
let service: TestPortal
let secret = ''
let strangeService: TestPortal
beforeAll(async () => {
  const words = { 'zh-CN': '读', en: 'Read' }
  const named = { name: words, scopes: { read: words, write: words }, matters: {} }
  const file = join(directory, 'resources.json')
  writeFileSync(file, JSON.stringify({ [api]: named, [otherApi]: named }))
  const begun = startServer({ YIDENG_RESOURCES: file })
  const stranger = await startServer({ YIDENG_RESOURCES: file })
  server = await begun
  services = await server.services()
  const registration = { type: 'service' as const, redirect_uris: [] as string[], resources: [api] }
  service = await registerPortal(services, registration, (given) => {
    secret = given
    return oidc.ClientSecretBasic(given)
  })
  strangeService = await registerPortal(await stranger.services(), registration)
})

interface Asked {
  scope?: string
  resource?: string
}

/** A token that the service asks for itself. */
const ofService = async (by: TestPortal, { scope = 'read', resource = api }: Asked = {}) =>
  (await oidc.clientCredentialsGrant(by.configuration, { resource, scope })).access_token

/** Every token that a portal gets when a person signs in, one of them for the API. */
async function ofPerson({ scope = 'read', resource = api }: Asked = {}) {
  const portal = await registerPortal(services, {
    scope: 'openid offline_access',
    consent: 'implicit',
    resources: [api, otherApi],
  })
  const person = await openPerson(services)
  const visitor = new Visitor(server.issuer)
  const begun = await portal.begin({ scope: `openid offline_access ${scope}`, resource })
  const tokens = await begun.finish(await signIn(visitor, await visitor.get(begun.url), person.username))
  const fresh = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '', { resource, scope })
  return {
    portal,
    sub: tokens.claims()?.sub,
    idToken: tokens.id_token ?? '',
    userinfo: tokens.access_token,
    refresh: fresh.refresh_token ?? '',
    token: fresh.access_token,
  }
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const partsOf = (token: string) => token.split('.') as [string, string, string]

async function expired() {
  await server.forward(-3_600_000)
  const token = await ofService(service)
  await server.forward(3_600_000)
  return token
}

/** Each way to get what is no token for the API. */
const refused: [string, () => Promise<string>][] = [
  ['a token for another API', async () => (await ofPerson({ resource: otherApi })).token],
  ['a token of another issuer', () => ofService(strangeService)],
  ['an expired token', expired],
  ['an access token for userinfo', async () => (await ofPerson()).userinfo],
  ['an ID token', async () => (await ofPerson()).idToken],
  ['a refresh token', async () => (await ofPerson()).refresh],
  [
    'a token without a signature',
    async () =>
      partsOf(await ofService(service))
        .with(2, '')
        .join('.'),
  ],
  [
    'a token with the algorithm none',
    async () => [base64url({ alg: 'none', typ: 'at+jwt' }), partsOf(await ofService(service))[1], ''].join('.'),
  ],
  [
    'a token with other claims',
    async () => {
      const [header, body, signature] = partsOf(await ofService(service))
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
      return [header, base64url({ ...claims, scope: 'read write' }), signature].join('.')
    },
  ],
  [
    'a token with the signature of another token',
    async () => {
      const [one, other] = [await ofService(service), await ofService(service)]
      return partsOf(one).with(2, partsOf(other)[2]).join('.')
    },
  ],
  ['any other text', () => Promise.resolve('eyJ.a.b')],
]

const versions: [string, string][] = [
  ['Spring Boot 3.5', 'pom-3.5.xml'],
  ['Spring Boot 4', 'pom.xml'],
]
const ways: ['keys' | 'introspection'][] = [['keys'], ['introspection']]

const notRun = new Set<string>()
afterAll(() => {
  for (const line of notRun) console.log(`Not run: ${line}.`)
})

describe.each(versions)('%s', (version, pom) => {
  describe.each(ways)('an API that verifies tokens by %s', (way) => {
    let url = ''
    let program: Program | undefined
    let why = ''

    beforeAll(async () => {
      const built = await build({
        folder: 'spring-api',
        needs: ['java', 'mvn'],
        fetch: [['mvn', '-q', '-B', '-f', pom, '-Dmaven.main.skip', '-Dspring-boot.repackage.skip', 'package']],
        compile: [['mvn', '-q', '-B', '-f', pom, 'package']],
      })
      if ('notRun' in built) {
        why = built.notRun
        notRun.add(`an API with ${version}: ${why}`)
        return
      }
      const port = await freePort()
      url = `http://localhost:${port}`
      const own = { SPRING_PROFILES_ACTIVE: 'introspection', CLIENT_ID: service.clientId, CLIENT_SECRET: secret }
      const settings = { ISSUER: server.issuer, API: api, PORT: String(port), ...(way === 'keys' ? {} : own) }
      program = await startProgram(['java', '-jar', `${built.directory}/target/api.jar`], { url, settings })
    }, 1_200_000)
    afterAll(() => program?.stop())

    const testOf = (title: string, act: () => Promise<void>) =>
      it(title, (context) => (program ? act() : context.skip(why)))

    const ask = (path: string, token?: string) =>
      fetch(url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
    const answer = async (path: string, token: string) => {
      const response = await ask(path, token)
      return { status: response.status, text: await response.text() }
    }

    testOf('takes the token that a portal got for a person', async () => {
      const { token, sub } = await ofPerson()
      expect(await answer('/who', token)).toEqual({ status: 200, text: sub })
      expect(await answer('/licences', token)).toEqual({ status: 200, text: 'licences' })
    })

    testOf('takes the token of a service', async () => {
      expect(await answer('/who', await ofService(service))).toEqual({ status: 200, text: service.clientId })
    })

    testOf('opens nothing without a token, or without the scope', async () => {
      expect((await ask('/who')).status).toBe(401)
      const token = await ofService(service, { scope: 'write' })
      expect((await ask('/who', token)).status).toBe(200)
      const response = await ask('/licences', token)
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        403,
        expect.stringContaining('insufficient_scope'),
      ])
    })

    for (const [what, make] of refused)
      testOf(`refuses ${what}`, async () => {
        const response = await ask('/who', await make())
        const challenge = response.headers.get('www-authenticate')
        expect([response.status, challenge]).toEqual([401, expect.stringContaining('invalid_token')])
      })

    const untilItEnds = way === 'keys' ? 'takes a revoked token until it ends' : 'refuses a revoked token at once'
    testOf(untilItEnds, async () => {
      const { portal, token } = await ofPerson()
      expect((await ask('/who', token)).status).toBe(200)
      await oidc.tokenRevocation(portal.configuration, token)
      expect((await ask('/who', token)).status).toBe(way === 'keys' ? 200 : 401)
    })

    testOf('takes tokens after the signing keys changed at once', async () => {
      yideng(server, 'keys', 'rotate', '--now')
      expect((await ask('/who', await ofService(service))).status).toBe(200)
    })
  })
})
