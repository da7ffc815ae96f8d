import { quoted, type Library } from './library.ts'

/** Spring Boot 3.5 and 4, spring-boot-starter-oauth2-client. */
export const spring: Library = {
  registers: { scope: 'openid profile', id_token_alg: 'RS256', auth_method: 'client_secret_basic' },
  configuration: ({ issuer, clientId, secret, redirectUri, scope, authMethod }) => `# application.yml
# Spring answers at /login/oauth2/code/yideng. Sign-out: docs/portals.md.
spring:
  security:
    oauth2:
      client:
        registration:
          yideng:
            client-id: ${quoted(clientId)}
            client-secret: ${quoted(secret)}
            client-authentication-method: ${authMethod}
            authorization-grant-type: authorization_code
            redirect-uri: ${quoted(redirectUri)}
            scope: ${scope.join(', ')}
        provider:
          yideng:
            issuer-uri: ${quoted(issuer)}
            user-name-attribute: sub
`,
}

/** An API in Spring Boot 3.5 and 4, spring-boot-starter-oauth2-resource-server. RFC 9068: typ is at+jwt. */
export const springApi: Library = {
  registers: { type: 'service' },
  configuration: ({ issuer, api }) => `import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.*;

@Configuration
class AccessTokens {
  @Bean
  JwtDecoder jwtDecoder() {
    var issuer = ${quoted(issuer)};
    var decoder = NimbusJwtDecoder.withIssuerLocation(issuer).validateType(false).build();
    decoder.setJwtValidator(new DelegatingOAuth2TokenValidator<>(
        new JwtTypeValidator(List.of("at+jwt")),
        new JwtTimestampValidator(),
        new JwtIssuerValidator(issuer),
        new JwtAudienceValidator(${quoted(api)})));
    return decoder;
  }
}
`,
}

/** Nimbus OAuth 2.0 SDK 11, com.nimbusds:oauth2-oidc-sdk. */
export const nimbus: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: ({ issuer, clientId, secret, redirectUri, scope, alg, authMethod }) => {
    const authentication = authMethod === 'client_secret_post' ? 'ClientSecretPost' : 'ClientSecretBasic'
    return `var issuer = new Issuer(${quoted(issuer)});
var id = new ClientID(${quoted(clientId)});
var authentication = new ${authentication}(id, new Secret(${quoted(secret)}));
var callback = URI.create(${quoted(redirectUri)});
var provider = OIDCProviderMetadata.resolve(issuer);

// The request. Keep state, nonce and verifier in the session of the browser.
var state = new State();
var nonce = new Nonce();
var verifier = new CodeVerifier();
var request = new AuthenticationRequest.Builder(ResponseType.CODE, Scope.parse(${quoted(scope.join(' '))}), id, callback)
    .endpointURI(provider.getAuthorizationEndpointURI())
    .state(state).nonce(nonce).codeChallenge(verifier, CodeChallengeMethod.S256)
    .build();

// The answer, at the callback. Compare its state and issuer before.
var grant = new AuthorizationCodeGrant(code, callback, verifier);
var answer = new TokenRequest(provider.getTokenEndpointURI(), authentication, grant).toHTTPRequest().send();
var tokens = OIDCTokenResponseParser.parse(answer).toSuccessResponse().getTokens().toOIDCTokens();
var claims = new IDTokenValidator(issuer, id, JWSAlgorithm.${alg}, provider.getJWKSetURI().toURL())
    .validate(tokens.getIDToken(), nonce);
var person = UserInfoResponse.parse(
    new UserInfoRequest(provider.getUserInfoEndpointURI(), tokens.getAccessToken()).toHTTPRequest().send());
`
  },
}
