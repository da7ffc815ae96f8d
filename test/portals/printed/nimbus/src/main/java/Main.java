import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The smallest portal around the printed Yideng.java. */
public class Main {
  static final Map<String, Yideng.Attempt> attempts = new ConcurrentHashMap<>();
  static final Map<String, String> names = new ConcurrentHashMap<>();

  public static void main(String[] arguments) throws Exception {
    var yideng = new Yideng();
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
    server.createContext("/", exchange -> {
      try {
        answer(yideng, exchange);
      } catch (Exception error) {
        write(exchange, 400, String.valueOf(error.getMessage()));
      }
    });
    server.start();
  }

  static void answer(Yideng yideng, HttpExchange exchange) throws Exception {
    var cookies = String.valueOf(exchange.getRequestHeaders().getFirst("cookie"));
    var key = cookies.replaceFirst(".*key=([^;]*).*", "$1");
    switch (exchange.getRequestURI().getPath()) {
      case "/login" -> {
        var attempt = new Yideng.Attempt();
        var fresh = UUID.randomUUID().toString();
        attempts.put(fresh, attempt);
        exchange.getResponseHeaders().add("set-cookie", "key=" + fresh + "; Path=/; HttpOnly; SameSite=Lax");
        lead(exchange, yideng.addressOf(attempt));
      }
      case "/callback" -> {
        var attempt = attempts.remove(key);
        if (attempt == null) throw new Exception("the sign-in did not begin in this browser");
        names.put(key, yideng.finish(Yideng.CALLBACK.resolve(exchange.getRequestURI()), attempt).getName());
        lead(exchange, URI.create("/"));
      }
      default -> write(exchange, 200, "您好，" + names.getOrDefault(key, ""));
    }
  }

  static void lead(HttpExchange exchange, URI address) throws Exception {
    exchange.getResponseHeaders().add("location", address.toString());
    exchange.sendResponseHeaders(302, -1);
    exchange.close();
  }

  static void write(HttpExchange exchange, int status, String text) throws java.io.IOException {
    var bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("content-type", "text/html; charset=utf-8");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
