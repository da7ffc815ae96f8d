import { join } from 'node:path'
import * as oidc from 'openid-client'
import type { AdministratorRole } from '../../src/accounts/administrators.ts'
import type { Services } from '../../src/services.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { addPasskey, signInByPasskey } from './passkey.ts'
import { openPerson, signIn } from './person.ts'
import { startServer, type RunningServer } from './server.ts'
import { SoftwareAuthenticator } from './software-authenticator.ts'
import { Visitor, type Page } from './visitor.ts'

/** Changes how the sessions of a person say that the person signed in. */
export async function asSignedInBy(server: RunningServer, personId: string, amr: string[]) {
  const artifacts = openSqliteArtifacts(join(server.dataDir, 'artifacts.sqlite'), Date.now)
  for (const { id, value } of await artifacts.listGroup('Session', personId)) {
    const payload = JSON.parse(value) as Record<string, unknown>
    await artifacts.compareAndSet('Session', id, value, JSON.stringify({ ...payload, amr }))
  }
  await artifacts.close()
}

/** Types a user code into the device page, up to the page that shows the request. */
export async function typeCode(visitor: Visitor, code: string): Promise<Page> {
  return visitor.submit(await visitor.get('/device'), '/device', { user_code: code })
}

/** Approves a command line, and signs in by passkey if the page asks for it. */
export async function agree({ visitor, authenticator }: TestAdministrator, page: Page): Promise<Page> {
  const next = await visitor.submit(page, '/device', { confirm: 'yes' })
  return next.url.pathname.startsWith('/login/') ? signInByPasskey(visitor, next, authenticator) : next
}

/** An administrator with a passkey, signed in by password. */
export async function administrator(
  server: RunningServer,
  services: Services,
  given: { role?: AdministratorRole; region?: string } | 'nobody' = {},
) {
  const person = await openPerson(services, { name: '关丽' })
  if (given !== 'nobody') {
    const { role = 'admin', region = '440000' } = given
    await services.administrators.grant({ personId: person.id, role, region }, 'administrator:test')
  }
  const visitor = new Visitor(server.issuer)
  await signIn(visitor, await visitor.get('/account'), person.username)
  const authenticator = new SoftwareAuthenticator(server.issuer)
  await addPasskey(visitor, authenticator)
  return { ...person, visitor, authenticator }
}

export type TestAdministrator = Awaited<ReturnType<typeof administrator>>

export interface Answered {
  status: number
  headers: Headers
  body: Record<string, unknown> & { document?: unknown; problems?: { field?: string; message: string }[] }
}

/** The client of the command line in this process, approved by an administrator. */
export async function letIn(server: RunningServer, admin: TestAdministrator) {
  const config = await oidc.discovery(
    new URL(server.issuer),
    'yideng-cli',
    { id_token_signed_response_alg: 'ES256' },
    oidc.None(),
    { execute: [oidc.allowInsecureRequests] },
  )
  const keys = await oidc.randomDPoPKeyPair()
  const DPoP = oidc.getDPoPHandle(config, keys)
  const waiting = await oidc.initiateDeviceAuthorization(config, { scope: 'openid admin offline_access' })
  const done = await agree(admin, await typeCode(admin.visitor, waiting.user_code))
  if (done.status !== 200) throw new Error(`not let in (${done.status}):\n${done.html}`)
  const tokens = await oidc.genericGrantRequest(
    config,
    'urn:ietf:params:oauth:grant-type:device_code',
    { device_code: waiting.device_code },
    { DPoP },
  )

  async function call(path: string, input: unknown = {}) {
    const url = new URL(`/admin/v1/${path}`, server.issuer)
    const headers = new Headers({ 'content-type': 'application/json', accept: 'application/json' })
    const answer = await oidc
      .fetchProtectedResource(config, tokens.access_token, url, 'POST', JSON.stringify(input), headers, { DPoP })
      .catch((error: unknown) => {
        if (error instanceof oidc.WWWAuthenticateChallengeError) return error.response
        throw error
      })
    return answered(answer)
  }

  return { config, keys, DPoP, tokens, waiting, call }
}

export async function answered(answer: Response): Promise<Answered> {
  const text = await answer.text()
  const body = text.startsWith('{') ? (JSON.parse(text) as Answered['body']) : { text }
  return { status: answer.status, headers: answer.headers, body }
}

/** A server and an administrator of the province with an approved command line. */
export async function administered() {
  const server = await startServer()
  const services = await server.services()
  const boss = await administrator(server, services)
  return { server, services, boss, cli: await letIn(server, boss) }
}

export type LetIn = Awaited<ReturnType<typeof letIn>>
