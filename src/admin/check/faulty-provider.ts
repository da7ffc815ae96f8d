import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Client } from '../../clients/clients.ts'
import type { Clock } from '../../config/clock.ts'
import { readText } from '../../pages/bodies.ts'
import {
  authorize,
  discovery,
  logoutToken,
  token,
  userinfo,
  type Answer,
  type LogoutAlterations,
  type ProviderState,
} from './faulty-endpoints.ts'
import { rightSignIn, type Fault } from './faults.ts'
import { createTokens, type TokenForm } from './tokens.ts'

const maxBytes = 64 * 1024

/** An OpenID provider on this machine that signs in one made-up person, correctly or with a fault. */
export async function startFaultyProvider({
  client,
  form,
  port,
  clock,
}: {
  client: Client
  form: TokenForm
  port: number
  clock: Clock
}) {
  const state: ProviderState = {
    client,
    clock,
    issuer: '',
    tokens: createTokens(form),
    codes: new Map(),
    accessTokens: new Map(),
    fault: rightSignIn,
    seen: undefined,
    previousClaims: {},
    sid: '',
  }
  const server = createServer((request, response) => {
    handle(state, request, response).catch(() => sendJson(response, 400, { error: 'invalid_request' }))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  state.issuer = `http://localhost:${typeof address === 'object' && address ? address.port : port}`

  return {
    issuer: state.issuer,
    /** Sets the fault of the next sign-ins. */
    use(fault: Fault) {
      state.fault = fault
      state.seen = undefined
    },
    /** The requests of the portal since the last `use`. */
    seen: () => state.seen,
    /** A logout token for the latest session. */
    logoutToken: (alterations: LogoutAlterations) => logoutToken(state, alterations),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type FaultyProvider = Awaited<ReturnType<typeof startFaultyProvider>>

async function handle(state: ProviderState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', state.issuer)
  const authorization = request.headers.authorization ?? ''
  const form = request.method === 'POST' ? new URLSearchParams(await readText(request, maxBytes)) : url.searchParams
  const answer = await answerOf(state, url.pathname, form, authorization)
  if (answer.location === undefined) sendJson(response, answer.status, answer.body)
  else response.writeHead(answer.status, { location: answer.location }).end()
}

const notFound: Answer = { status: 404, body: { error: 'not_found' } }

function answerOf(
  state: ProviderState,
  path: string,
  form: URLSearchParams,
  authorization: string,
): Answer | Promise<Answer> {
  switch (path) {
    case '/.well-known/openid-configuration':
      return { status: 200, body: discovery(state) }
    case '/jwks':
      return { status: 200, body: state.tokens.keySet }
    case '/jwks-gm':
      return state.tokens.sm2KeySet ? { status: 200, body: state.tokens.sm2KeySet } : notFound
    case '/authorize':
      return authorize(state, form)
    case '/token':
      return token(state, form, authorization)
    case '/userinfo':
      return userinfo(state, authorization)
    default:
      return notFound
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
