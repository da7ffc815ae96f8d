package portal;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.Map;
import org.apereo.cas.client.authentication.AttributePrincipal;
import org.apereo.cas.client.authentication.AuthenticationFilter;
import org.apereo.cas.client.session.SingleSignOutFilter;
import org.apereo.cas.client.session.SingleSignOutHttpSessionListener;
import org.apereo.cas.client.util.HttpServletRequestWrapperFilter;
import org.apereo.cas.client.validation.Cas30ProxyReceivingTicketValidationFilter;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;

/**
 * An old portal with Apereo's CAS client: name, sign-out, single logout. Its filters are set as in a web.xml.
 *
 * <p>CAS=https://login.example.gov.cn/cas PORT=8080 java -cp 'target/classes:target/lib/*' portal.Portal
 *
 * <p>Register with --legacy cas --legacy-until DATE --redirect-uri URL/app
 */
public class Portal extends HttpServlet {
  static final String cas = System.getenv("CAS");
  static final int port = Integer.parseInt(System.getenv("PORT"));
  static final String url = "http://localhost:" + port;

  public static void main(String[] args) throws Exception {
    var context = new ServletContextHandler(ServletContextHandler.SESSIONS);
    var server = Map.of("casServerUrlPrefix", cas, "casServerLoginUrl", cas + "/login", "serverName", url);
    filter(context, "/*", new SingleSignOutFilter(), server);
    filter(context, "/app", new AuthenticationFilter(), server);
    filter(context, "/app", new Cas30ProxyReceivingTicketValidationFilter(), server);
    filter(context, "/*", new HttpServletRequestWrapperFilter(), Map.of());
    context.addEventListener(new SingleSignOutHttpSessionListener());
    context.addServlet(Portal.class, "/*");
    var listener = new Server(new InetSocketAddress("localhost", port));
    listener.setHandler(context);
    listener.start();
  }

  static void filter(ServletContextHandler context, String path, Filter filter, Map<String, String> settings) {
    var holder = new FilterHolder(filter);
    settings.forEach(holder::setInitParameter);
    context.addFilter(holder, path, EnumSet.of(DispatcherType.REQUEST));
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
    response.setContentType("text/html; charset=utf-8");
    if (request.getPathInfo().equals("/logout")) {
      if (request.getSession(false) != null) request.getSession().invalidate();
      response.sendRedirect(cas + "/logout?service=" + url + "/app");
      return;
    }
    if (request.getUserPrincipal() instanceof AttributePrincipal person)
      response.getWriter().print("您好，" + escaped(person.getAttributes().get("name")));
    else response.getWriter().print("<a href=\"/app\">登录</a>");
  }

  static String escaped(Object text) {
    return String.valueOf(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
