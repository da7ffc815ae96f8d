package api;

import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.JwtAudienceValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/** RFC 9068: an access token has the type at+jwt, which Spring refuses by default, and names the API as its audience. */
@Configuration
@Profile("!introspection")
class AccessTokens {
  @Bean
  JwtDecoder jwtDecoder(@Value("${ISSUER}") String issuer, @Value("${API}") String api) {
    var decoder = NimbusJwtDecoder.withIssuerLocation(issuer).validateType(false).build();
    decoder.setJwtValidator(
        new DelegatingOAuth2TokenValidator<>(
            new JwtTypeValidator(List.of("at+jwt")),
            new JwtTimestampValidator(),
            new JwtIssuerValidator(issuer),
            new JwtAudienceValidator(api)));
    return decoder;
  }
}
