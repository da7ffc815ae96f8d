import { isHttp, originOf, quoted, shellWord, type Library } from './library.ts'

/** examples/other-languages/portal.php: PHP 8 with its own openssl and curl. It verifies ES256. */
export const php: Library = {
  registers: { scope: 'openid profile', id_token_alg: 'ES256', auth_method: 'client_secret_basic' },
  configuration: (values) => `# examples/other-languages/portal.php reads these; it answers at /callback
export ISSUER=${shellWord(values.issuer)}
export CLIENT_ID=${shellWord(values.clientId)}
export CLIENT_SECRET=${shellWord(values.secret)}
export URL=${shellWord(originOf(values))}
php -S ${shellWord(URL.parse(values.redirectUri)?.host ?? '')} portal.php
`,
}

/** openid-client 6, which sends client_secret_post. */
export const node: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_post' },
  configuration: ({ issuer, clientId, secret, redirectUri, scope, alg, authMethod }) => {
    const authentication = authMethod === 'client_secret_basic' ? 'ClientSecretBasic' : 'ClientSecretPost'
    const local = isHttp(issuer) ? ', { execute: [client.allowInsecureRequests] }' : ''
    return `// npm install openid-client
import * as client from 'openid-client'

const redirect_uri = ${quoted(redirectUri)}
const metadata = { id_token_signed_response_alg: ${quoted(alg)} }
const authentication = client.${authentication}(${quoted(secret)})
const yideng = await client.discovery(new URL(${quoted(issuer)}), ${quoted(clientId)}, metadata, authentication${local})

// Keep these in the session of the browser.
const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()]
const address = client.buildAuthorizationUrl(yideng, {
  redirect_uri,
  scope: ${quoted(scope.join(' '))},
  state,
  nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})

/** At the callback: \`url\` is the whole address that the browser asked for. */
async function signedIn(url) {
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
  const tokens = await client.authorizationCodeGrant(yideng, url, checks)
  return client.fetchUserInfo(yideng, tokens.access_token, tokens.claims().sub)
}
`
  },
}

/** The crate openidconnect 4. */
export const rust: Library = {
  registers: { scope: 'openid profile', id_token_alg: 'RS256', auth_method: 'client_secret_basic' },
  configuration: ({ issuer, clientId, secret, redirectUri, scope }) => `// Cargo.toml: openidconnect = "4"
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{reqwest, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, PkceCodeChallenge, RedirectUrl, Scope};

let http = reqwest::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).build()?;
let issuer = IssuerUrl::new(${quoted(issuer)}.to_string())?;
let provider = CoreProviderMetadata::discover_async(issuer, &http).await?;
let id = ClientId::new(${quoted(clientId)}.to_string());
let secret = ClientSecret::new(${quoted(secret)}.to_string());
let yideng = CoreClient::from_provider_metadata(provider, id, Some(secret))
    .set_redirect_uri(RedirectUrl::new(${quoted(redirectUri)}.to_string())?);

// The request. Keep state, nonce and verifier in the session of the browser.
let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
let (address, state, nonce) = yideng
    .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
${scope
  .filter((one) => one !== 'openid')
  .map((one) => `    .add_scope(Scope::new(${quoted(one)}.to_string()))\n`)
  .join('')}    .set_pkce_challenge(challenge)
    .url();

// The answer, at the callback: compare state, then
// yideng.exchange_code(code)?.set_pkce_verifier(verifier).request_async(&http).await?
`,
}
