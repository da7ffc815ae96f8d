//! All that asks the provider, and all that checks its answers.
use crate::Person;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreUserInfoClaims,
};
use openidconnect::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use url::Url;

pub type Failure = Box<dyn std::error::Error>;

/// Claims that the crate has no field for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct More {
    sid: Option<String>,
    jti: Option<String>,
    events: Option<HashMap<String, serde_json::Value>>,
}
impl AdditionalClaims for More {}

/// An ID token or a logout token: both are signed in the same way.
pub type Token =
    IdToken<More, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Claims = IdTokenClaims<More, CoreGenderClaim>;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A sign-out at the provider (OpenID Connect Back-Channel Logout 1.0 section 2.4).
pub struct Notice {
    pub jti: String,
    pub subject: String,
    pub sid: Option<String>,
}

pub struct Settings {
    pub issuer: IssuerUrl,
    pub id: ClientId,
    pub secret: ClientSecret,
    pub callback: RedirectUrl,
    pub signed_out: PostLogoutRedirectUrl,
}

pub struct Provider {
    settings: Settings,
    http: ureq::Agent,
    client: Client,
    end_session: EndSessionUrl,
}

pub fn random() -> String {
    CsrfToken::new_random().into_secret()
}

fn discover(settings: &Settings, http: &ureq::Agent) -> Result<(Client, EndSessionUrl), Failure> {
    let metadata = ProviderMetadataWithLogout::discover(&settings.issuer, http)?;
    let end_session = metadata.additional_metadata().end_session_endpoint.clone();
    let client = CoreClient::from_provider_metadata(
        metadata,
        settings.id.clone(),
        Some(settings.secret.clone()),
    )
    .set_redirect_uri(settings.callback.clone());
    Ok((client, end_session.ok_or("the provider has no sign-out")?))
}

impl Provider {
    pub fn new(settings: Settings) -> Result<Self, Failure> {
        let http = ureq::AgentBuilder::new().redirects(0).build();
        let (client, end_session) = discover(&settings, &http)?;
        Ok(Self {
            settings,
            http,
            client,
            end_session,
        })
    }

    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The address where a sign-in begins, and what its answer is checked by.
    pub fn sign_in(&self) -> (Url, CsrfToken, Nonce, PkceCodeVerifier) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = self
            .client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["profile", "offline_access"].map(|scope| Scope::new(scope.to_string())))
            .set_pkce_challenge(challenge)
            .url();
        (url, state, nonce, verifier)
    }

    pub fn finish(
        &mut self,
        code: &str,
        verifier: PkceCodeVerifier,
        nonce: &Nonce,
    ) -> Result<Person, Failure> {
        let tokens = self
            .client
            .exchange_code(AuthorizationCode::new(code.to_string()))?
            .set_pkce_verifier(verifier)
            .request(&self.http)?;
        let raw = tokens.id_token().ok_or("there is no ID token")?.to_string();
        let id_token: Token = raw.parse()?;
        let claims = self.checked(&id_token, nonce, "JWT")?;
        let (subject, access) = (claims.subject().clone(), tokens.access_token().clone());
        // refuses an answer about somebody else
        let info: CoreUserInfoClaims = self
            .client
            .user_info(access, Some(subject.clone()))?
            .request(&self.http)?;
        Ok(Person {
            subject: subject.to_string(),
            sid: claims.additional_claims().sid.clone(),
            name: info
                .name()
                .and_then(|name| name.get(None))
                .map(|name| name.to_string())
                .unwrap_or_default(),
            id_token,
            refresh: tokens.refresh_token().cloned(),
        })
    }

    pub fn refresh(&self, token: &RefreshToken) -> Result<Option<RefreshToken>, Failure> {
        let tokens = self
            .client
            .exchange_refresh_token(token)?
            .request(&self.http)?;
        Ok(tokens.refresh_token().cloned())
    }

    pub fn sign_out(&self, id_token: &Token) -> Url {
        LogoutRequest::from(self.end_session.clone())
            .set_id_token_hint(id_token)
            .set_post_logout_redirect_uri(self.settings.signed_out.clone())
            .http_get_url()
    }

    /// Checks a logout token (Back-Channel Logout 1.0 section 2.6). The crate knows none, but its verifier fits.
    pub fn notice(&mut self, raw: &str) -> Result<Notice, Failure> {
        let token: Token = raw.parse()?;
        let no_nonce =
            |nonce: Option<&Nonce>| nonce.map_or(Ok(()), |_| Err("it has a nonce".to_string()));
        let claims = self.checked(&token, no_nonce, "logout+jwt")?;
        let More { sid, jti, events } = claims.additional_claims().clone();
        let event = "http://schemas.openid.net/event/backchannel-logout";
        if !events.is_some_and(|events| events.contains_key(event)) {
            return Err("it is no logout token".into());
        }
        Ok(Notice {
            jti: jti.ok_or("it has no jti")?,
            subject: claims.subject().to_string(),
            sid,
        })
    }

    /// Verifies a token. The crate holds the keys of its start: a token of a newer key needs the keys once more.
    fn checked<N>(&mut self, token: &Token, nonce: N, kind: &str) -> Result<Claims, Failure>
    where
        N: NonceVerifier + Clone,
    {
        let kind = JsonWebTokenType::new(kind.to_string()).normalize()?;
        let check = |client: &Client| {
            let verifier = client
                .id_token_verifier()
                .set_allowed_jose_types([kind.clone()]);
            token.claims(&verifier, nonce.clone()).cloned()
        };
        let unknown_key = ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        );
        match check(&self.client) {
            Err(error) if error == unknown_key => {
                self.client = discover(&self.settings, &self.http)?.0;
                Ok(check(&self.client)?)
            }
            other => Ok(other?),
        }
    }
}
