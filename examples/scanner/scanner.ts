import { createServer } from 'node:http'
import { createInterface } from 'node:readline/promises'
import * as oidc from 'openid-client'
import { visibleLines } from '../../src/text/visible.ts'
import { createScanApi } from './scan-api.ts'

/*
 * A minimal app that scans; a terminal replaces its screen and camera.
 *
 *   npx yideng client create --name 省政务App --type native --auth-method none --scope "openid qr" \
 *     --redirect-uri http://127.0.0.1:4999/callback
 *   node examples/scanner/scanner.ts CLIENT_ID [http://localhost:3000]
 */
const [clientId, issuer = 'http://localhost:3000'] = process.argv.slice(2)
const redirectUri = 'http://127.0.0.1:4999/callback'

async function signIn(id: string) {
  const local = new URL(issuer).protocol === 'http:' ? [oidc.allowInsecureRequests] : []
  const configuration = await oidc.discovery(
    new URL(issuer),
    id,
    { id_token_signed_response_alg: 'ES256' },
    oidc.None(),
    { execute: local },
  )
  // On a real phone: a key of the secure element, made once and never exported.
  const DPoP = oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair('ES256'))
  const verifier = oidc.randomPKCECodeVerifier()
  const state = oidc.randomState()
  const address = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid qr',
    state,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  say(`请在浏览器里打开并登录：\n${address.href}`)
  const back = await new Promise<URL>((resolve) => {
    const server = createServer((request, response) => {
      response.end('OK')
      server.close()
      resolve(new URL(request.url ?? '/', redirectUri))
    }).listen(Number(new URL(redirectUri).port), '127.0.0.1')
  })
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  const tokens = await oidc.authorizationCodeGrant(configuration, back, checks, undefined, { DPoP })
  return createScanApi({ issuer, configuration, accessToken: tokens.access_token, DPoP })
}

/** Removes control characters, because input from outside must not control the terminal. */
const say = (text: string) => console.log(visibleLines(text))

async function main(id: string) {
  const api = await signIn(id)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  for (;;) {
    const frame = await terminal.question('二维码里的地址（回车结束）：')
    if (frame === '') break
    try {
      const scanned = await api.scan(frame.trim())
      say(JSON.stringify(scanned.request ?? scanned, null, 2))
      if (scanned.state !== 'scanned') continue
      const yes = (await terminal.question('是您自己正在电脑前吗？输入 yes 同意，其他拒绝：')) === 'yes'
      const { state, code } = yes ? await api.approve(scanned.id) : await api.refuse(scanned.id)
      say(code ? `请在电脑上输入 ${code}` : state)
    } catch (error) {
      say(`没有办成：${(error as Error).message}`)
    }
  }
  terminal.close()
}

if (clientId === undefined) console.log('node examples/scanner/scanner.ts CLIENT_ID [ISSUER]')
else await main(clientId)
