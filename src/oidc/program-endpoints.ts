/**
 * Endpoints for portals' servers, called thousands of times for each page view. Their answers are JSON for any `Accept`, because the
 * HTTP client of Java asks for `text/html` first (java.net.HttpURLConnection).
 */
export const programEndpoints: ReadonlySet<string> = new Set([
  '/token',
  '/userinfo',
  '/jwks',
  '/jwks-gm',
  '/introspect',
  '/revoke',
  '/par',
  '/device_authorization',
])
