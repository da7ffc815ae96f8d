import { quoted, type Library } from './library.ts'

/** oidc-client-ts 3 in a browser. */
export const spa: Library = {
  registers: { type: 'spa', scope: 'openid profile' },
  configuration: ({ issuer, clientId, redirectUri, scope, afterLogout }) => `// File: yideng.js
// npm install oidc-client-ts
import { UserManager } from 'oidc-client-ts'

export const yideng = new UserManager({
  authority: ${quoted(issuer)},
  client_id: ${quoted(clientId)},
  redirect_uri: ${quoted(redirectUri)},
${afterLogout === undefined ? '' : `  post_logout_redirect_uri: ${quoted(afterLogout)},\n`}  scope: ${quoted(scope.join(' '))},
  loadUserInfo: true,
})
// Sign-in: yideng.signinRedirect(). At the redirect URI: await yideng.signinCallback().
`,
}

/** AppAuth: the auth_config.json of its Android example; the values of AppAuth for iOS are the same. */
export const mobile: Library = {
  registers: { type: 'native', scope: 'openid profile' },
  configuration: ({ issuer, clientId, redirectUri, scope, afterLogout }) =>
    `${JSON.stringify(
      {
        client_id: clientId,
        redirect_uri: redirectUri,
        ...(afterLogout === undefined ? {} : { end_session_redirect_uri: afterLogout }),
        authorization_scope: scope.join(' '),
        discovery_uri: `${issuer}/.well-known/openid-configuration`,
        https_required: issuer.startsWith('https:'),
      },
      null,
      2,
    )}\n`,
}

/** A mini-program signs no person in itself: its portal does, on a page in a web-view. */
export const miniProgram: Library = {
  registers: { scope: 'openid profile' },
  configuration: ({ issuer, clientId, secret, redirectUri, scope }) => `# File: .env
# <web-view src="…"> opens the sign-in page of the portal's server, which uses these.
# A channel lets people sign in there by WeChat or Alipay: docs/channels.md, examples/mini-program.
ISSUER=${quoted(issuer)}
CLIENT_ID=${quoted(clientId)}
CLIENT_SECRET=${quoted(secret)}
REDIRECT_URI=${quoted(redirectUri)}
SCOPE=${quoted(scope.join(' '))}
`,
}
