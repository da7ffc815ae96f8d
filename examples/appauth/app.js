// An app on a computer that signs a person in as AppAuth does: the browser of the person, PKCE, no secret (RFC 8252).
//
//   ISSUER=https://login.example.gov.cn CLIENT_ID=… node app.js login
//   … node app.js refresh
//   … node app.js logout
//
// Register with --type native --scope "openid profile offline_access" --redirect-uri http://127.0.0.1/callback
// --post-logout-redirect-uri http://127.0.0.1/signed-out: an app may take any port (RFC 8252 section 7.3).
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import * as oidc from 'openid-client'

const { ISSUER: issuer, CLIENT_ID: clientId, STATE_FILE: stateFile = 'state.json' } = process.env
const insecure = issuer.startsWith('http://localhost') ? { execute: [oidc.allowInsecureRequests] } : {}
// ID tokens of apps are signed by ES256
const metadata = { id_token_signed_response_alg: 'ES256' }
const yideng = await oidc.discovery(new URL(issuer), clientId, metadata, oidc.None(), insecure)

const say = (text) => process.stdout.write(`${text}\n`)

/** What AppAuth calls AuthState. A real app keeps it in the key store of its system. */
const load = () => JSON.parse(readFileSync(stateFile, 'utf8'))
const store = (state) => writeFileSync(stateFile, JSON.stringify(state), { mode: 0o600 })

/** Listens on a free port of this computer, and sends the browser to an address. Returns where it comes back. */
async function sendBrowser(addressOf) {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const here = `http://127.0.0.1:${server.address().port}`
  // a real app opens it: `xdg-open`, `open`, `start`
  say(`open ${await addressOf(here)}`)
  const back = await new Promise((resolve) =>
    server.on('request', ({ url }, response) => {
      response.end('You can close this window.')
      if (url.startsWith('/callback') || url.startsWith('/signed-out')) resolve(new URL(url, here))
    }),
  )
  server.close()
  server.closeAllConnections()
  return back
}

async function login() {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()]
  const challenge = await oidc.calculatePKCECodeChallenge(pkceCodeVerifier)
  const back = await sendBrowser((here) =>
    oidc.buildAuthorizationUrl(yideng, {
      redirect_uri: `${here}/callback`,
      scope: 'openid profile offline_access',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
    }),
  )
  const tokens = await oidc.authorizationCodeGrant(yideng, back, { pkceCodeVerifier, expectedState, expectedNonce })
  const { name } = await oidc.fetchUserInfo(yideng, tokens.access_token, tokens.claims().sub)
  store({ refreshToken: tokens.refresh_token, idToken: tokens.id_token })
  say(`您好，${name}`)
}

async function refresh() {
  const state = load()
  const tokens = await oidc.refreshTokenGrant(yideng, state.refreshToken)
  // each refresh token can be used once: a second use ends them all
  store({ ...state, refreshToken: tokens.refresh_token })
  say('refreshed')
}

async function logout() {
  const { idToken, refreshToken } = load()
  await oidc.tokenRevocation(yideng, refreshToken)
  rmSync(stateFile)
  await sendBrowser((here) =>
    oidc.buildEndSessionUrl(yideng, { id_token_hint: idToken, post_logout_redirect_uri: `${here}/signed-out` }),
  )
  say('signed out')
}

const act = { login, refresh, logout }[process.argv[2]]
await act().catch((error) => {
  say(`failed: ${error.error ?? error.code ?? error.message}`)
  process.exitCode = 1
})
