import { quoted, type Library } from './library.ts'

/** Spring Boot 3.5 and 4, spring-boot-starter-oauth2-client. */
export const spring: Library = {
  registers: { scope: 'openid profile', id_token_alg: 'RS256', auth_method: 'client_secret_basic' },
  configuration: ({ issuer, clientId, secret, redirectUri, scope, authMethod }) => `# File: application.yml
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
  configuration: ({ issuer, api }) => `// File: AccessTokens.java
import java.util.List;
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
    return `// File: Yideng.java
// Maven: com.nimbusds:oauth2-oidc-sdk:11
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.oauth2.sdk.*;
import com.nimbusds.oauth2.sdk.auth.*;
import com.nimbusds.oauth2.sdk.id.*;
import com.nimbusds.oauth2.sdk.pkce.*;
import com.nimbusds.openid.connect.sdk.*;
import com.nimbusds.openid.connect.sdk.claims.*;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.net.URI;

class Yideng {
  static final Issuer ISSUER = new Issuer(${quoted(issuer)});
  static final ClientID ID = new ClientID(${quoted(clientId)});
  static final URI CALLBACK = URI.create(${quoted(redirectUri)});

  /** Stays in the session of the browser until it comes back. */
  record Attempt(State state, Nonce nonce, CodeVerifier verifier) {
    Attempt() {
      this(new State(), new Nonce(), new CodeVerifier());
    }
  }

  private final ClientAuthentication authentication = new ${authentication}(ID, new Secret(${quoted(secret)}));
  final OIDCProviderMetadata provider;
  private final IDTokenValidator validator;

  Yideng() throws Exception {
    provider = OIDCProviderMetadata.resolve(ISSUER);
    validator = new IDTokenValidator(ISSUER, ID, JWSAlgorithm.${alg}, provider.getJWKSetURI().toURL());
  }

  /** Where a sign-in begins. */
  URI addressOf(Attempt attempt) {
    return new AuthenticationRequest.Builder(ResponseType.CODE, Scope.parse(${quoted(scope.join(' '))}), ID, CALLBACK)
        .endpointURI(provider.getAuthorizationEndpointURI())
        .state(attempt.state()).nonce(attempt.nonce())
        .codeChallenge(attempt.verifier(), CodeChallengeMethod.S256)
        .build().toURI();
  }

  /** Takes the whole address of the callback. Returns who signed in. */
  UserInfo finish(URI address, Attempt attempt) throws Exception {
    var answer = AuthenticationResponseParser.parse(address);
    if (!attempt.state().equals(answer.getState()) || !ISSUER.equals(answer.getIssuer()))
      throw new GeneralException("the sign-in did not begin in this browser");
    if (!answer.indicatesSuccess()) throw new GeneralException(answer.toErrorResponse().getErrorObject());
    var grant = new AuthorizationCodeGrant(answer.toSuccessResponse().getAuthorizationCode(), CALLBACK, attempt.verifier());
    var request = new TokenRequest(provider.getTokenEndpointURI(), authentication, grant).toHTTPRequest();
    var response = OIDCTokenResponseParser.parse(request.send());
    if (!response.indicatesSuccess()) throw new GeneralException(response.toErrorResponse().getErrorObject());
    var tokens = ((OIDCTokenResponse) response.toSuccessResponse()).getOIDCTokens();
    var claims = validator.validate(tokens.getIDToken(), attempt.nonce());
    var asked = new UserInfoRequest(provider.getUserInfoEndpointURI(), tokens.getAccessToken()).toHTTPRequest();
    var person = UserInfoResponse.parse(asked.send()).toSuccessResponse().getUserInfo();
    if (!person.getSubject().equals(claims.getSubject())) throw new GeneralException("userinfo is about somebody else");
    return person;
  }
}
`
  },
}
