import { createServer } from 'node:http'
import * as oidc from 'openid-client'
import { onTestFinished } from 'vitest'
import type { Services } from '../../src/services.ts'
import type { ClientInput } from '../../src/clients/metadata.ts'
import { freePort } from './free-port.ts'
import type { Page } from './visitor.ts'

/** A relying party made with openid-client, like a real portal. */
export interface TestPortal {
  clientId: string
  redirectUri: string
  configuration: oidc.Configuration
  /** Makes an authorization request. */
  begin(parameters?: Record<string, string>): Promise<AuthorizationRequest>
}

/** An authorization request of a portal (RFC 6749 4.1.1), before its response. */
export interface AuthorizationRequest {
  /** The address for the browser. */
  url: URL
  /** Exchanges the code of the response for tokens, with all checks of openid-client. */
  finish(page: Page, options?: oidc.DPoPOptions): ReturnType<typeof oidc.authorizationCodeGrant>
}

/** Registers a portal and discovers the provider over HTTP. */
export async function registerPortal(
  services: Services,
  overrides: Partial<ClientInput> = {},
  authentication?: (secret: string) => oidc.ClientAuth,
): Promise<TestPortal> {
  const redirectUri = `http://localhost:${await freePort()}/callback`
  const { name = '测试门户', ...rest } = overrides
  const metadata = { organisation: '测试局', region: '440300', redirect_uris: [redirectUri], ...rest }
  const create = (called: string) => services.clients.create({ name: called, ...metadata }, 'administrator:test')
  let created = await create(name)
  // portal names must differ: the next portal of a test gets one more letter
  for (let more = 1; !created.ok && created.problems.some(({ field }) => field === 'name') && more < 1000; more += 1)
    created = await create(
      `${name} ${more.toString(26).replaceAll(/\d/g, (digit) => 'qrstuvwxyz'.charAt(Number(digit)))}`,
    )
  if (!created.ok) throw new Error(JSON.stringify(created.problems))
  const { client, secret } = created
  const configuration = await oidc.discovery(
    new URL(services.settings.issuer),
    client.id,
    { id_token_signed_response_alg: client.id_token_alg },
    secret === undefined ? oidc.None() : (authentication ?? oidc.ClientSecretBasic)(secret),
    { execute: [oidc.allowInsecureRequests] },
  )
  return {
    clientId: client.id,
    redirectUri,
    configuration,
    async begin(parameters = {}) {
      const verifier = oidc.randomPKCECodeVerifier()
      const state = oidc.randomState()
      const nonce = oidc.randomNonce()
      const url = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: client.scope.join(' '),
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        ...parameters,
      })
      return {
        url,
        finish(page, options) {
          if (!page.leads) throw new Error(`the browser did not return to the portal (${page.status}):\n${page.html}`)
          const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
          return oidc.authorizationCodeGrant(configuration, page.leads, checks, undefined, options)
        },
      }
    },
  }
}

/** Serves the redirect URI of a portal until the test ends. openid-client checks the response. */
export async function standIn({ redirectUri }: TestPortal): Promise<void> {
  const listener = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end('<!doctype html><html lang="zh"><link rel="icon" href="data:,"><title>门户</title><h1>门户</h1>')
  })
  onTestFinished(() => void listener.close())
  const port = Number(new URL(redirectUri).port)
  await new Promise<void>((resolve) => listener.listen(port, 'localhost', resolve))
}
