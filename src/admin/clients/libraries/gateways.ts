import { randomBytes } from 'node:crypto'
import { isHttp, originOf, quoted, type Library, type Values } from './library.ts'

const proxySettings = ({ issuer, clientId, secret, redirectUri, scope }: Values) => `# File: oauth2-proxy.cfg
# oauth2-proxy --config oauth2-proxy.cfg; it answers at /oauth2/callback
provider = "oidc"
oidc_issuer_url = ${quoted(issuer)}
client_id = ${quoted(clientId)}
client_secret = ${quoted(secret)}
redirect_url = ${quoted(redirectUri)}
scope = ${quoted(scope.join(' '))}
${scope.includes('offline_access') ? 'cookie_refresh = "5m"\n' : ''}code_challenge_method = "S256"
insecure_oidc_skip_nonce = false
# Yideng knows no e-mail addresses: people are known by sub
oidc_email_claim = "sub"
email_domains = ["*"]
skip_provider_button = true
# where a sign-out may lead to: /oauth2/sign_out?rd=${encodeURIComponent(`${issuer}/logout?client_id=${clientId}`)}
whitelist_domains = [${quoted(URL.parse(issuer)?.host ?? '')}]
cookie_secret = ${quoted(randomBytes(32).toString('base64url'))}
cookie_secure = ${String(!isHttp(redirectUri))}
http_address = "127.0.0.1:4180"
reverse_proxy = true
`

/** oauth2-proxy 7 in front of an application. */
export const oauth2Proxy: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: (values) => `${proxySettings(values)}upstreams = ["http://127.0.0.1:8080/"]
`,
}

/** nginx with oauth2-proxy for its subrequests. */
export const nginx: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: (values) => `${proxySettings(values)}set_xauthrequest = true
upstreams = ["static://202"]

# File: nginx.conf
# inside the server of ${originOf(values)}
location /oauth2/ {
  proxy_pass http://127.0.0.1:4180;
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Auth-Request-Redirect $request_uri;
}
location = /oauth2/auth {
  internal;
  proxy_pass http://127.0.0.1:4180;
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_pass_request_body off;
  proxy_set_header Content-Length "";
}
location / {
  auth_request /oauth2/auth;
  auth_request_set $person $upstream_http_x_auth_request_user;
  error_page 401 = /oauth2/sign_in;
  proxy_set_header X-Person $person;
  proxy_pass http://127.0.0.1:8080;
}
`,
}

/** mod_auth_openidc 2.4, examples/apache. */
export const apache: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: ({ issuer, clientId, secret, redirectUri, scope, alg, authMethod }) => `# File: yideng.conf
# Apache with mod_auth_openidc (Debian: libapache2-mod-auth-openidc). Sign-out: docs/portals.md.
OIDCProviderMetadataURL ${quoted(`${issuer}/.well-known/openid-configuration`)}
OIDCClientID ${quoted(clientId)}
OIDCClientSecret ${quoted(secret)}
OIDCProviderTokenEndpointAuth ${authMethod}
OIDCResponseType code
OIDCIDTokenSignedResponseAlg ${alg}
OIDCPKCEMethod S256
OIDCScope ${quoted(scope.join(' '))}
OIDCRedirectURI ${quoted(redirectUri)}
OIDCCryptoPassphrase ${quoted(randomBytes(32).toString('base64url'))}
OIDCSessionInactivityTimeout 1800
OIDCSessionMaxDuration 43200
OIDCCookieSameSite On
OIDCRemoteUserClaim sub

# An error answer has iss too (RFC 9207 section 2). This module takes it for a sign-in that another site begins, and asks again.
# Debian: a2enmod rewrite. These lines and the virtual host belong together.
RewriteEngine On
RewriteCond %{REQUEST_URI} =${URL.parse(redirectUri)?.pathname ?? ''}
RewriteCond %{QUERY_STRING} (?:^|&)error=
RewriteCond %{QUERY_STRING} ^(.*&|)iss=[^&]*(?:&(.*)|)$
RewriteRule ^ %{REQUEST_URI}?%1%2

<Location />
  AuthType openid-connect
  Require valid-user
</Location>
`,
}
