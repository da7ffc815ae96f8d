package portal;

import static org.springframework.security.config.Customizer.withDefaults;

import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.endpoint.OAuth2RefreshTokenGrantRequest;
import org.springframework.security.oauth2.client.endpoint.RestClientRefreshTokenTokenResponseClient;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestCustomizers;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtAudienceValidator;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.HtmlUtils;

/**
 * A portal: name, refresh, sign-out, back-channel sign-out. It is also an API under /api for the resource {@code API}.
 *
 * <p>ISSUER=… CLIENT_ID=… CLIENT_SECRET=… PORT=8080 java -jar target/portal.jar
 *
 * <p>Register with --id-token-alg RS256 --redirect-uri URL/login/oauth2/code/yideng
 * --post-logout-redirect-uri URL/signed-out
 * --backchannel-logout-uri URL/logout/connect/back-channel/yideng
 */
@SpringBootApplication
@RestController
public class Portal {
  public static void main(String[] arguments) {
    SpringApplication.run(Portal.class, arguments);
  }

  @Bean
  @Order(1)
  SecurityFilterChain resources(HttpSecurity http, JwtDecoder decoder) throws Exception {
    return http.securityMatcher("/api/**")
        .authorizeHttpRequests(a -> a.anyRequest().authenticated())
        .oauth2ResourceServer(o -> o.jwt(j -> j.decoder(decoder)))
        .build();
  }

  /** RFC 9068: an access token has the type at+jwt and names the API as its audience. */
  @Bean
  JwtDecoder decoder(
      @Value("${ISSUER}") String issuer, @Value("${API:urn:no-api}") String api) {
    var decoder = NimbusJwtDecoder.withIssuerLocation(issuer).validateType(false).build();
    decoder.setJwtValidator(
        new DelegatingOAuth2TokenValidator<>(
            new JwtTypeValidator(List.of("at+jwt")),
            new JwtTimestampValidator(),
            new JwtIssuerValidator(issuer),
            new JwtAudienceValidator(api)));
    return decoder;
  }

  @Bean
  SecurityFilterChain pages(HttpSecurity http, ClientRegistrationRepository clients)
      throws Exception {
    var requests =
        new DefaultOAuth2AuthorizationRequestResolver(clients, "/oauth2/authorization");
    requests.setAuthorizationRequestCustomizer(
        OAuth2AuthorizationRequestCustomizers.withPkce()
            // offline_access gives a refresh token after a consent
            .andThen(r -> r.additionalParameters(p -> p.put("prompt", "consent"))));
    var signOut = new OidcClientInitiatedLogoutSuccessHandler(clients);
    signOut.setPostLogoutRedirectUri("{baseUrl}/signed-out");
    return http.authorizeHttpRequests(
            a -> a.requestMatchers("/signed-out").permitAll().anyRequest().authenticated())
        .oauth2Login(o -> o.authorizationEndpoint(e -> e.authorizationRequestResolver(requests)))
        .logout(
            o ->
                o.logoutRequestMatcher(
                        PathPatternRequestMatcher.withDefaults().matcher(HttpMethod.GET, "/logout"))
                    .logoutSuccessHandler(signOut))
        .oidcLogout(o -> o.backChannel(withDefaults()))
        .build();
  }

  @GetMapping(value = "/", produces = "text/html;charset=utf-8")
  String home(@AuthenticationPrincipal OidcUser person) {
    return "您好，" + HtmlUtils.htmlEscape(person.getFullName());
  }

  @GetMapping("/signed-out")
  String signedOut() {
    return "signed out";
  }

  /** Shows that a new access token can be had; Spring asks for one by itself when the old one has ended. */
  @GetMapping("/refresh")
  String refresh(@RegisteredOAuth2AuthorizedClient("yideng") OAuth2AuthorizedClient client) {
    var answer =
        new RestClientRefreshTokenTokenResponseClient()
            .getTokenResponse(
                new OAuth2RefreshTokenGrantRequest(
                    client.getClientRegistration(),
                    client.getAccessToken(),
                    client.getRefreshToken()));
    var same = answer.getAccessToken().getTokenValue().equals(client.getAccessToken().getTokenValue());
    return same ? "the same" : "refreshed";
  }

  @GetMapping("/api/who")
  String who(@AuthenticationPrincipal Jwt token) {
    return token.getSubject();
  }
}
