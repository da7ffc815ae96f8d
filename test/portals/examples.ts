import type { Example } from './example.ts'

/** The paths that most examples have. */
const usual = {
  login: '/login',
  callback: '/callback',
  home: '/',
  refresh: '/refresh',
  signOut: { path: '/logout', signedOut: '/signed-out' },
} satisfies Partial<Example>

const venv = [
  ['python3', '-m', 'venv', '.venv'],
  ['.venv/bin/pip', 'install', '--quiet', '-r', 'requirements.txt'],
]

const python = {
  needs: ['python3'],
  fetch: venv,
  start: ({ directory }: { directory: string }) => [`${directory}/.venv/bin/python`, 'portal.py'],
} satisfies Partial<Example>

const go = {
  needs: ['go'],
  fetch: [['go', 'mod', 'download']],
  compile: [['go', 'build', '-o', 'portal', '.']],
  start: ({ directory }: { directory: string }) => [`${directory}/portal`],
} satisfies Partial<Example>

/** Both versions of Spring Boot build the same code. */
const spring = (pom: string) => ({
  ...usual,
  folder: 'spring-boot',
  needs: ['java', 'mvn'],
  fetch: [['mvn', '-q', '-B', '-f', pom, '-Dmaven.main.skip', '-Dspring-boot.repackage.skip', 'package']],
  compile: [['mvn', '-q', '-B', '-f', pom, 'package']],
  start: ({ directory }: { directory: string }) => ['java', '-jar', `${directory}/target/portal.jar`],
  login: '/oauth2/authorization/yideng',
  callback: '/login/oauth2/code/yideng',
  backchannel: '/logout/connect/back-channel/yideng',
  // it does not look at the issuer of the response (RFC 9207)
  takes: ['answer-issuer'],
})

/** Every example, with what its library can do. */
export const examples: Example[] = [
  { ...usual, ...python, name: 'Authlib with Flask', folder: 'authlib-flask', backchannel: '/backchannel' },
  { ...usual, ...python, name: 'Authlib with FastAPI', folder: 'authlib-fastapi' },
  {
    ...python,
    name: 'mozilla-django-oidc',
    folder: 'django-mozilla',
    login: '/oidc/authenticate/',
    callback: '/oidc/callback/',
    home: '/',
    signOut: { path: '/oidc/logout/', signedOut: '/signed-out' },
    // it does not look at the issuer of the response (RFC 9207)
    takes: ['answer-issuer'],
  },
  { ...usual, ...go, name: 'go-oidc with x/oauth2', folder: 'go-oidc', backchannel: '/backchannel' },
  { ...usual, ...go, name: 'zitadel/oidc', folder: 'go-zitadel' },
  {
    ...python,
    name: 'django-allauth',
    folder: 'django-allauth',
    login: '/accounts/oidc/yideng/login/',
    callback: '/accounts/oidc/yideng/login/callback/',
    home: '/',
    // it sends no nonce, and believes the connection to the provider instead of the ID token (OIDC Core 3.1.3.7)
    takes: [
      'fresh-values',
      'answer-issuer',
      'nonce-wrong',
      'nonce-missing',
      'replayed-token',
      'subject-missing',
      'signature',
      'alg-none',
      'alg-shared',
      'userinfo-subject',
    ],
  },
  {
    name: 'oauth2-proxy',
    folder: 'oauth2-proxy',
    needs: ['go'],
    fetch: [['go', 'mod', 'download']],
    compile: [['go', 'build', '-o', 'oauth2-proxy', 'github.com/oauth2-proxy/oauth2-proxy/v7']],
    start: () => ['./start.sh'],
    login: '/oauth2/start',
    callback: '/oauth2/callback',
    home: '/oauth2/userinfo',
    shows: '"user"',
    // it looks neither at the issuer of the response (RFC 9207) nor for a subject
    takes: ['answer-issuer', 'subject-missing'],
    signOut: {
      path: ({ url, issuer, clientId }) => {
        const query = new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: `${url}/` })
        return `/oauth2/sign_out?rd=${encodeURIComponent(`${issuer}/logout?${query.toString()}`)}`
      },
      signedOut: '/',
    },
  },
  { ...spring('pom-3.5.xml'), name: 'Spring Boot 3.5' },
  { ...spring('pom.xml'), name: 'Spring Boot 4' },
  {
    ...usual,
    name: 'Rust openidconnect',
    folder: 'rust-openidconnect',
    needs: ['cargo', 'cc'],
    fetch: [['cargo', 'fetch', '--quiet', '--locked']],
    // crates take minutes to build: all versions of the example share them
    compile: [
      ['cargo', 'build', '--quiet', '--locked', '--offline', '--target-dir', '../rust-target'],
      ['cp', '../rust-target/debug/portal', 'portal'],
    ],
    start: ({ directory }) => [`${directory}/portal`],
    backchannel: '/backchannel',
  },
  {
    ...usual,
    name: 'Auth.js',
    folder: 'authjs',
    needs: ['node', 'npm'],
    fetch: [['npm', 'ci', '--silent', '--no-audit', '--no-fund']],
    start: () => ['node', 'portal.js'],
    callback: '/auth/callback/yideng',
    backchannel: '/backchannel',
  },
]

/** Runs in the browser of the person: only a real browser can try it. */
export const singlePage: Example = {
  name: 'oidc-client-ts',
  folder: 'oidc-client-ts',
  needs: ['node', 'npm'],
  fetch: [['npm', 'ci', '--silent', '--no-audit', '--no-fund']],
  start: () => ['node', 'portal.js'],
  login: '/',
  callback: '/callback',
  signOut: { path: '/', signedOut: '/signed-out' },
  home: '/',
  registration: { type: 'spa', id_token_alg: 'ES256' },
}

/** An app on a computer, without a page of its own. Its command is `login`, `refresh` or `logout`. */
export const loopbackApp: Example = {
  name: 'AppAuth pattern',
  folder: 'appauth',
  needs: ['node', 'npm'],
  fetch: [['npm', 'ci', '--silent', '--no-audit', '--no-fund']],
  start: () => ['node', 'app.js'],
  login: '/',
  callback: '/callback',
  home: '/',
}
