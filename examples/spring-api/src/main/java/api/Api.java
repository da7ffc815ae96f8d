package api;

import static org.springframework.security.config.Customizer.withDefaults;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Profile;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * An API that takes access tokens of Yideng. API is its address in the file YIDENG_RESOURCES.
 *
 * <p>By the published keys alone: ISSUER=… API=… PORT=9000 java -jar target/api.jar
 *
 * <p>By asking Yideng about each token, so that a revoked one ends at once: the same with SPRING_PROFILES_ACTIVE=introspection
 * and CLIENT_ID=… CLIENT_SECRET=… of the API's own registration (--type service --resource API).
 */
@SpringBootApplication
@RestController
public class Api {
  public static void main(String[] arguments) {
    SpringApplication.run(Api.class, arguments);
  }

  @Bean
  @Profile("!introspection")
  SecurityFilterChain byKeys(HttpSecurity http) throws Exception {
    return protectedBy(http).oauth2ResourceServer(o -> o.jwt(withDefaults())).build();
  }

  @Bean
  @Profile("introspection")
  SecurityFilterChain byIntrospection(HttpSecurity http) throws Exception {
    return protectedBy(http).oauth2ResourceServer(o -> o.opaqueToken(withDefaults())).build();
  }

  private static HttpSecurity protectedBy(HttpSecurity http) throws Exception {
    return http.authorizeHttpRequests(
        a -> a.requestMatchers("/licences").hasAuthority("SCOPE_read").anyRequest().authenticated());
  }

  @GetMapping("/who")
  String who(Authentication token) {
    return token.getName();
  }

  @GetMapping("/licences")
  String licences() {
    return "licences";
  }
}
