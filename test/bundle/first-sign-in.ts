import * as oidc from 'openid-client'
import { Visitor } from '../setup/visitor.ts'

/** Signs a person in for a portal, with all checks of openid-client; prints the claims. A program: another network has its own. */
const { ISSUER = '', CLIENT_ID = '', CLIENT_SECRET = '', REDIRECT_URI = '', PASSWORD = '' } = process.env

const configuration = await oidc.discovery(new URL(ISSUER), CLIENT_ID, undefined, oidc.ClientSecretBasic(CLIENT_SECRET))
const verifier = oidc.randomPKCECodeVerifier()
const state = oidc.randomState()
const url = oidc.buildAuthorizationUrl(configuration, {
  redirect_uri: REDIRECT_URI,
  scope: 'openid',
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
})
const visitor = new Visitor(ISSUER)
let page = await visitor.submit(await visitor.get(url), '/password', { identifier: 'zhangsan', password: PASSWORD })
// offers after a first sign-in come later; the portal gets its answer
for (let pages = 0; pages < 5 && !page.leads; pages += 1) {
  const [, form = ''] = /action="\/login\/[\w-]+(\/\w+)"/.exec(page.html) ?? []
  page = await visitor.submit(page, form, { decision: form === '/consent' ? 'allow' : 'later' })
}
if (!page.leads) throw new Error(`the browser did not return to the portal (${page.status}):\n${page.html}`)
const checks = { pkceCodeVerifier: verifier, expectedState: state }
const tokens = await oidc.authorizationCodeGrant(configuration, page.leads, checks)
console.log(JSON.stringify(tokens.claims()))
