import * as oidc from 'openid-client'
import type { Services } from '../../src/services.ts'
import type { ClientInput } from '../../src/clients/metadata.ts'
import { allow, openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import type { RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

export interface Known extends TestPortal {
  secret: string
}

export type Entered = Awaited<ReturnType<typeof entered>>

/** A portal with its secret. */
export async function known(services: Services, registration: Partial<ClientInput> = {}): Promise<Known> {
  let secret = ''
  const portal = await registerPortal(services, registration, (made) => {
    secret = made
    return oidc.ClientSecretBasic(made)
  })
  return { ...portal, secret }
}

/** A person signed in at a portal, with its tokens: one request to /token. */
export async function entered(
  services: Services,
  registration: Partial<ClientInput> = {},
  parameters: Record<string, string> = {},
) {
  const portal = await known(services, { scope: 'openid profile phone identity', ...registration })
  const person = await openPerson(services)
  const visitor = new Visitor(services.settings.issuer)
  const begun = await portal.begin(parameters)
  let page = await signIn(visitor, await visitor.get(begun.url), person.username)
  if (!page.leads) page = await allow(visitor, page)
  return { portal, person, visitor, tokens: await begun.finish(page) }
}

/** A form of a client with its secret in the header. */
export const asked = (
  { clientId, secret }: { clientId: string; secret: string },
  fields: Record<string, string> | [string, string][],
  headers: Record<string, string> = {},
) => ({
  method: 'POST',
  headers: { authorization: basic({ clientId, secret }), ...headers },
  body: new URLSearchParams(fields),
})

export const basic = ({ clientId, secret }: { clientId: string; secret: string }) =>
  `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`

const changing = new Set(['date', 'connection', 'keep-alive'])

export async function answerOf({ issuer }: RunningServer, path: string, request: RequestInit) {
  const response = await fetch(`${issuer}${path}`, request)
  const headers = [...response.headers].filter(([name]) => !changing.has(name))
  return { status: response.status, headers: Object.fromEntries(headers), body: await response.text() }
}

/** The lines of the debug log about requests to a route, and whether each was answered directly. */
export const directLines = (server: RunningServer, route: RegExp): boolean[] =>
  server
    .output()
    .split('\n')
    .filter((line) => line.includes('"msg":"request"') && route.test(line))
    .map((line) => line.includes('"direct":true'))
