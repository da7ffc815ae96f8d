// A portal that runs in the browser with oidc-client-ts. This server only hands out its files.
//
//   ISSUER=https://login.example.gov.cn CLIENT_ID=… PORT=8080 node portal.js
//
// Register with --type spa --scope "openid profile offline_access" --redirect-uri URL/callback
// --post-logout-redirect-uri URL/signed-out
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const { ISSUER: issuer, CLIENT_ID: clientId, PORT: port } = process.env

const file = (name) => readFileSync(new URL(name, import.meta.url))
const page = file('portal.html')
const answers = {
  '/': ['text/html', page],
  '/callback': ['text/html', page],
  '/signed-out': ['text/html', page],
  '/sign-in.js': ['text/javascript', file('sign-in.js')],
  '/settings.js': ['text/javascript', `globalThis.settings = ${JSON.stringify({ issuer, clientId })}`],
  '/oidc-client-ts.js': ['text/javascript', file('node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js')],
}
// a foreign script in this page could read the tokens: nothing but our own files runs here
const policy = `default-src 'self'; connect-src 'self' ${issuer}; frame-src ${issuer} 'self'; img-src 'self' data:`

createServer(({ url }, response) => {
  const [type, body] = answers[new URL(url, 'http://localhost').pathname] ?? ['text/plain', undefined]
  response.writeHead(body === undefined ? 404 : 200, {
    'content-type': `${type}; charset=utf-8`,
    'content-security-policy': policy,
  })
  response.end(body)
}).listen(Number(port), '127.0.0.1')
