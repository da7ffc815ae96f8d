import { isHttp, originOf, quoted, shellWord, type Library } from './library.ts'

/** examples/php: PHP 8 with Debian's phpseclib, which verifies RS256 and ES256. */
export const php: Library = {
  registers: { scope: 'openid profile', id_token_alg: 'RS256', auth_method: 'client_secret_basic' },
  configuration: (values) => `# File: yideng.sh
# examples/php/portal.php reads these; it answers at /callback. Debian: php-cli php-curl php-phpseclib3
export ISSUER=${shellWord(values.issuer)}
export CLIENT_ID=${shellWord(values.clientId)}
export CLIENT_SECRET=${shellWord(values.secret)}
export URL=${shellWord(originOf(values))}
export SCOPE=${shellWord(values.scope.join(' '))}
exec php -S ${shellWord(URL.parse(values.redirectUri)?.host ?? '')} portal.php
`,
}

/** openid-client 6, which sends client_secret_post unless told: examples/node. */
export const node: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_post' },
  configuration: ({ issuer, clientId, secret, redirectUri, scope, alg, authMethod }) => {
    const authentication = authMethod === 'client_secret_basic' ? 'ClientSecretBasic' : 'ClientSecretPost'
    const local = isHttp(issuer) ? ', { execute: [client.allowInsecureRequests] }' : ''
    return `// File: yideng.mjs
// npm install openid-client
import * as client from 'openid-client'

export const redirectUri = ${quoted(redirectUri)}
const metadata = { id_token_signed_response_alg: ${quoted(alg)} }
const authentication = client.${authentication}(${quoted(secret)})
export const yideng = await client.discovery(new URL(${quoted(issuer)}), ${quoted(clientId)}, metadata, authentication${local})
// the ID token comes straight from the provider; check its signature all the same
client.enableNonRepudiationChecks(yideng)

/** Where a sign-in begins, and what to keep in the session of the browser. */
export async function begin() {
  const attempt = {
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
  }
  const address = client.buildAuthorizationUrl(yideng, {
    redirect_uri: redirectUri,
    scope: ${quoted(scope.join(' '))},
    state: attempt.expectedState,
    nonce: attempt.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(attempt.pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  return { address: address.href, attempt }
}

/** At the callback: \`url\` is the whole address that the browser asked for. */
export async function finish(url, attempt) {
  const tokens = await client.authorizationCodeGrant(yideng, url, attempt)
  const person = await client.fetchUserInfo(yideng, tokens.access_token, tokens.claims().sub)
  return { person, tokens }
}
`
  },
}

/** The crate openidconnect 4. */
export const rust: Library = {
  registers: { scope: 'openid profile', id_token_alg: 'RS256', auth_method: 'client_secret_basic' },
  configuration: ({ issuer, clientId, secret, redirectUri, scope }) => `// File: yideng.rs
// Cargo.toml: openidconnect = "4"
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    reqwest, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use std::error::Error;

pub const ISSUER: &str = ${quoted(issuer)};

pub type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

pub struct Yideng {
    pub http: reqwest::Client,
    pub client: Client,
}

/// Stays in the session of the browser until it comes back.
pub struct Attempt {
    pub state: CsrfToken,
    pub nonce: Nonce,
    pub verifier: PkceCodeVerifier,
}

impl Yideng {
    pub async fn discover() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let http = reqwest::ClientBuilder::new().redirect(reqwest::redirect::Policy::none()).build()?;
        let provider = CoreProviderMetadata::discover_async(IssuerUrl::new(ISSUER.to_string())?, &http).await?;
        let id = ClientId::new(${quoted(clientId)}.to_string());
        let secret = ClientSecret::new(${quoted(secret)}.to_string());
        let client = CoreClient::from_provider_metadata(provider, id, Some(secret))
            .set_redirect_uri(RedirectUrl::new(${quoted(redirectUri)}.to_string())?);
        Ok(Self { http, client })
    }

    /// Where a sign-in begins.
    pub fn begin(&self) -> (String, Attempt) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = self
            .client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
${scope
  .filter((one) => one !== 'openid')
  .map((one) => `            .add_scope(Scope::new(${quoted(one)}.to_string()))\n`)
  .join('')}            .set_pkce_challenge(challenge)
            .url();
        (address.to_string(), Attempt { state, nonce, verifier })
    }

    /// At the callback, after state and iss were compared. Returns who signed in.
    pub async fn finish(&self, code: String, attempt: Attempt) -> Result<CoreUserInfoClaims, Box<dyn Error + Send + Sync>> {
        let tokens = self
            .client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(attempt.verifier)
            .request_async(&self.http)
            .await?;
        let id_token = tokens.id_token().ok_or("no ID token")?;
        let claims = id_token.claims(&self.client.id_token_verifier(), &attempt.nonce)?;
        let subject = claims.subject().clone();
        Ok(self.client.user_info(tokens.access_token().clone(), Some(subject))?.request_async(&self.http).await?)
    }
}
`,
}
