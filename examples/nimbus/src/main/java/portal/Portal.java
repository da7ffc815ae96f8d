package portal;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import com.nimbusds.oauth2.sdk.util.MultivaluedMapUtils;
import com.nimbusds.oauth2.sdk.util.URLUtils;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.LogoutRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import com.nimbusds.openid.connect.sdk.validators.LogoutTokenValidator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/**
 * A portal with the Nimbus OAuth SDK: name, refresh, sign-out, back-channel sign-out.
 *
 * <p>ISSUER=… CLIENT_ID=… CLIENT_SECRET=… PORT=8080 java -cp 'target/classes:target/lib/*' portal.Portal
 *
 * <p>Register with --redirect-uri URL/callback --post-logout-redirect-uri URL/signed-out
 * --backchannel-logout-uri URL/backchannel
 */
public class Portal {
  record Attempt(State state, Nonce nonce, CodeVerifier verifier) {}

  record Person(String subject, String sid, String name, JWT idToken, RefreshToken refresh) {}

  interface Page {
    void answer(HttpExchange exchange) throws Exception;
  }

  // A real portal keeps these in its database.
  final Map<String, Attempt> attempts = new ConcurrentHashMap<>();
  final Map<String, Person> people = new ConcurrentHashMap<>();
  final Set<String> usedNotices = ConcurrentHashMap.newKeySet();

  final Issuer issuer = new Issuer(System.getenv("ISSUER"));
  final ClientID id = new ClientID(System.getenv("CLIENT_ID"));
  final ClientSecretBasic secret = new ClientSecretBasic(id, new Secret(System.getenv("CLIENT_SECRET")));
  final int port = Integer.parseInt(System.getenv("PORT"));
  final String url = "http://localhost:" + port;
  final URI callback = URI.create(url + "/callback");
  final OIDCProviderMetadata provider;
  final IDTokenValidator idTokens;
  final LogoutTokenValidator logoutTokens;

  Portal() throws Exception {
    provider = OIDCProviderMetadata.resolve(issuer);
    var keys = provider.getJWKSetURI().toURL();
    idTokens = new IDTokenValidator(issuer, id, JWSAlgorithm.RS256, keys);
    logoutTokens = new LogoutTokenValidator(issuer, id, JWSAlgorithm.RS256, keys);
  }

  public static void main(String[] arguments) throws Exception {
    var portal = new Portal();
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", portal.port), 0);
    server.setExecutor(Executors.newFixedThreadPool(8));
    Map<String, Page> pages =
        Map.of(
            "/", portal::home,
            "/login", portal::login,
            "/callback", portal::callback,
            "/refresh", portal::refresh,
            "/logout", portal::logout,
            "/signed-out", exchange -> write(exchange, 200, "signed out"),
            "/backchannel", portal::backchannel);
    server.createContext("/", exchange -> serve(pages.get(exchange.getRequestURI().getPath()), exchange));
    server.start();
  }

  void home(HttpExchange exchange) throws IOException {
    var person = people.get(cookie(exchange, "session"));
    write(exchange, 200, person == null ? "<a href=\"/login\">登录</a>" : "您好，" + escaped(person.name));
  }

  void login(HttpExchange exchange) throws IOException {
    var attempt = new Attempt(new State(), new Nonce(), new CodeVerifier());
    var key = new State().getValue();
    attempts.put(key, attempt);
    setCookie(exchange, "attempt", key);
    var scope = new Scope("openid", "profile", "offline_access");
    var request =
        new AuthenticationRequest.Builder(ResponseType.CODE, scope, id, callback)
            .endpointURI(provider.getAuthorizationEndpointURI())
            .state(attempt.state)
            .nonce(attempt.nonce)
            .codeChallenge(attempt.verifier, CodeChallengeMethod.S256)
            .build();
    redirect(exchange, request.toURI());
  }

  void callback(HttpExchange exchange) throws Exception {
    // used once
    var attempt = attempts.remove(cookie(exchange, "attempt"));
    var answer = AuthenticationResponseParser.parse(callback.resolve(exchange.getRequestURI()));
    // RFC 9207: the SDK does not compare the issuer of the response
    if (attempt == null || !attempt.state.equals(answer.getState()) || !issuer.equals(answer.getIssuer()))
      throw new IOException("the sign-in did not begin in this browser");
    if (!answer.indicatesSuccess()) throw new IOException(answer.toErrorResponse().getErrorObject().getCode());
    var code = answer.toSuccessResponse().getAuthorizationCode();
    var tokens = tokens(new AuthorizationCodeGrant(code, callback, attempt.verifier)).getOIDCTokens();
    var claims = idTokens.validate(tokens.getIDToken(), attempt.nonce);
    var asked = new UserInfoRequest(provider.getUserInfoEndpointURI(), tokens.getAccessToken());
    var info = UserInfoResponse.parse(send(asked.toHTTPRequest())).toSuccessResponse().getUserInfo();
    if (!claims.getSubject().equals(info.getSubject())) throw new IOException("userinfo is about somebody else");
    var subject = claims.getSubject().getValue();
    var sid = claims.getSessionID() == null ? "" : claims.getSessionID().getValue();
    var key = new State().getValue();
    people.put(key, new Person(subject, sid, info.getName(), tokens.getIDToken(), tokens.getRefreshToken()));
    setCookie(exchange, "session", key);
    redirect(exchange, URI.create("/"));
  }

  void refresh(HttpExchange exchange) throws Exception {
    var key = cookie(exchange, "session");
    var person = people.get(key);
    if (person == null) throw new IOException("nobody is signed in");
    var fresh = tokens(new RefreshTokenGrant(person.refresh)).getOIDCTokens().getRefreshToken();
    people.replace(key, new Person(person.subject, person.sid, person.name, person.idToken, fresh));
    write(exchange, 200, "refreshed");
  }

  void logout(HttpExchange exchange) throws IOException {
    var person = people.remove(cookie(exchange, "session"));
    if (person == null) {
      redirect(exchange, URI.create("/"));
      return;
    }
    var signedOut = URI.create(url + "/signed-out");
    redirect(
        exchange,
        new LogoutRequest(provider.getEndSessionEndpointURI(), person.idToken, signedOut, new State()).toURI());
  }

  /** OpenID Connect Back-Channel Logout 1.0 section 2.6. */
  void backchannel(HttpExchange exchange) throws Exception {
    exchange.getResponseHeaders().set("cache-control", "no-store");
    var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    var token = MultivaluedMapUtils.getFirstValue(URLUtils.parseParameters(body), "logout_token");
    var claims = logoutTokens.validate(JWTParser.parse(token == null ? "" : token));
    if (!usedNotices.add(claims.getJWTID().getValue())) throw new IOException("the logout token was used");
    var sid = claims.getSessionID() == null ? null : claims.getSessionID().getValue();
    var subject = claims.getSubject() == null ? null : claims.getSubject().getValue();
    people.values().removeIf(one -> sid == null ? one.subject.equals(subject) : one.sid.equals(sid));
    write(exchange, 200, "");
  }

  OIDCTokenResponse tokens(AuthorizationGrant grant) throws Exception {
    var asked = new TokenRequest(provider.getTokenEndpointURI(), secret, grant);
    TokenResponse answer = OIDCTokenResponseParser.parse(send(asked.toHTTPRequest()));
    if (!answer.indicatesSuccess()) throw new IOException(answer.toErrorResponse().getErrorObject().getCode());
    return (OIDCTokenResponse) answer.toSuccessResponse();
  }

  static HTTPResponse send(HTTPRequest request) throws IOException {
    request.setConnectTimeout(5000);
    request.setReadTimeout(10_000);
    return request.send();
  }

  static void serve(Page page, HttpExchange exchange) throws IOException {
    try {
      if (page == null) write(exchange, 404, "no such page");
      else page.answer(exchange);
    } catch (Exception error) {
      System.err.println(error);
      write(exchange, 400, "登录没有完成，请再试一次。");
    }
  }

  static void write(HttpExchange exchange, int status, String text) throws IOException {
    exchange.getResponseHeaders().set("content-type", "text/html; charset=utf-8");
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    try (var body = exchange.getResponseBody()) {
      body.write(bytes);
    }
  }

  static void redirect(HttpExchange exchange, URI address) throws IOException {
    exchange.getResponseHeaders().set("location", address.toString());
    exchange.sendResponseHeaders(302, -1);
  }

  static void setCookie(HttpExchange exchange, String name, String value) {
    // a portal at an https address adds Secure
    exchange.getResponseHeaders().add("set-cookie", name + "=" + value + "; Path=/; HttpOnly; SameSite=Lax");
  }

  /** Empty where the browser sent none. */
  static String cookie(HttpExchange exchange, String name) {
    var header = exchange.getRequestHeaders().getFirst("cookie");
    for (var one : (header == null ? "" : header).split("; "))
      if (one.startsWith(name + "=")) return one.substring(name.length() + 1);
    return "";
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
  }
}
