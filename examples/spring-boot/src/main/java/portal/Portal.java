package portal;

import static org.springframework.security.config.Customizer.withDefaults;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
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
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.HtmlUtils;

/**
 * A portal: name, refresh, sign-out, back-channel sign-out.
 *
 * <p>npx yideng client create --name … --for spring --scope "openid profile offline_access"
 * --redirect-uri URL/login/oauth2/code/yideng --post-logout-redirect-uri URL/signed-out
 * --backchannel-logout-uri URL/logout/connect/back-channel/yideng
 *
 * <p>prints application.yml. Put it where the portal starts: PORT=8080 java -jar target/portal.jar
 */
@SpringBootApplication
@RestController
public class Portal {
  public static void main(String[] arguments) {
    SpringApplication.run(Portal.class, arguments);
  }

  @Bean
  SecurityFilterChain pages(HttpSecurity http, ClientRegistrationRepository clients)
      throws Exception {
    var requests =
        new DefaultOAuth2AuthorizationRequestResolver(clients, "/oauth2/authorization");
    requests.setAuthorizationRequestCustomizer(
        OAuth2AuthorizationRequestCustomizers.withPkce());
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
}
