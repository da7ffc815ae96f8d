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
  assemble: [['go', 'build', '-o', 'portal', '.']],
  start: ({ directory }: { directory: string }) => [`${directory}/portal`],
} satisfies Partial<Example>

/** Both versions of Spring Boot build the same code. */
const spring = (pom: string) => ({
  ...usual,
  template: 'spring' as const,
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

/** A portal that only shows a name. */
const small = { login: '/login', callback: '/callback', home: '/' } satisfies Partial<Example>

/** oauth2-proxy alone, and with nginx before it. */
const oauth2Proxy = {
  folder: 'oauth2-proxy',
  needs: ['go'],
  fetch: [['go', 'mod', 'download']],
  compile: [['go', 'build', '-o', 'oauth2-proxy', 'github.com/oauth2-proxy/oauth2-proxy/v7']],
  login: '/oauth2/start',
  callback: '/oauth2/callback',
  // it looks neither at the issuer of the response (RFC 9207) nor for a subject
  takes: ['answer-issuer', 'subject-missing'],
  signOut: {
    path: ({ url, issuer, clientId }: { url: string; issuer: string; clientId: string }) => {
      const query = new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: `${url}/` })
      return `/oauth2/sign_out?rd=${encodeURIComponent(`${issuer}/logout?${query.toString()}`)}`
    },
    signedOut: '/',
  },
} satisfies Partial<Example>

const php = {
  ...usual,
  folder: 'php',
  needs: ['php', 'env'],
  tries: [['php', '-r', 'require "phpseclib3/autoload.php"; exit(function_exists("curl_init") ? 0 : 1);']],
  fetch: [],
  start: ({ port }: { port: number }) => {
    const command = ['php', '-S', `localhost:${port}`, 'portal.php']
    return ['env', 'SCOPE=openid profile offline_access', ...command]
  },
  backchannel: '/backchannel',
} satisfies Partial<Example>

/** Every example, with what its library can do. */
export const examples: Example[] = [
  {
    ...usual,
    ...python,
    name: 'Authlib with Flask',
    template: 'authlib',
    folder: 'authlib-flask',
    backchannel: '/backchannel',
  },
  { ...usual, ...python, name: 'Authlib with FastAPI', template: 'fastapi', folder: 'authlib-fastapi' },
  {
    ...python,
    name: 'mozilla-django-oidc',
    template: 'django',
    folder: 'django-mozilla',
    login: '/oidc/authenticate/',
    callback: '/oidc/callback/',
    home: '/',
    signOut: { path: '/oidc/logout/', signedOut: '/signed-out' },
    // it does not look at the issuer of the response (RFC 9207)
    takes: ['answer-issuer'],
  },
  { ...usual, ...go, name: 'go-oidc with x/oauth2', template: 'go', folder: 'go-oidc', backchannel: '/backchannel' },
  { ...usual, ...go, name: 'zitadel/oidc', template: 'zitadel', folder: 'go-zitadel' },
  {
    ...python,
    name: 'django-allauth',
    template: 'allauth',
    folder: 'django-allauth',
    login: '/accounts/oidc/yideng/login/',
    callback: '/accounts/oidc/yideng/login/callback/',
    home: '/',
    // it sends no nonce, and believes the connection to the provider instead of the ID token (OIDC Core 3.1.3.7)
    takes: [
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
    ...oauth2Proxy,
    name: 'oauth2-proxy',
    template: 'oauth2-proxy',
    start: ({ directory, port }) => [
      `${directory}/oauth2-proxy`,
      '--config',
      'oauth2-proxy.cfg',
      '--http-address',
      `127.0.0.1:${port}`,
      '--upstream',
      'static://200',
    ],
    home: '/oauth2/userinfo',
    shows: '"user"',
  },
  {
    ...oauth2Proxy,
    name: 'nginx with oauth2-proxy',
    template: 'nginx',
    needs: ['go', 'nginx'],
    ports: { PROXY: '127.0.0.1:4180', APPLICATION: '127.0.0.1:8080' },
    start: () => ['./nginx.sh'],
    home: '/',
    shows: '您好，',
  },
  {
    name: 'Apache with mod_auth_openidc',
    template: 'apache',
    folder: 'apache',
    needs: ['apache2'],
    tries: [['test', '-e', '/usr/lib/apache2/modules/mod_auth_openidc.so']],
    fetch: [],
    start: () => ['./start.sh'],
    login: '/',
    callback: '/redirect',
    home: '/',
    backchannel: '/redirect?logout=backchannel',
    signOut: {
      path: ({ url }) => `/redirect?logout=${encodeURIComponent(`${url}/signed-out`)}`,
      signedOut: '/signed-out',
    },
    // it trusts the connection to the provider instead, as OIDC Core 3.1.3.7 allows
    takes: ['alg-none'],
  },
  {
    ...usual,
    name: 'openid-client',
    template: 'node',
    folder: 'node',
    needs: ['npm'],
    fetch: [['npm', 'install', '--silent', '--no-audit', '--no-fund']],
    start: () => [process.execPath, 'portal.mjs'],
    keysSeconds: 60,
  },
  {
    name: 'Nimbus, as printed',
    template: 'nimbus',
    folder: '../test/portals/printed/nimbus',
    needs: ['java', 'mvn'],
    fetch: [['mvn', '-q', '-B', '-Dmaven.main.skip', 'package']],
    pasteAt: 'src/main/java',
    assemble: [['sh', '-c', 'javac -encoding UTF-8 -cp "target/lib/*" -d classes src/main/java/*.java']],
    start: ({ directory }) => ['java', '-cp', `${directory}/classes:${directory}/target/lib/*`, 'Main'],
    ...small,
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
  {
    ...usual,
    name: 'Nimbus OAuth SDK',
    folder: 'nimbus',
    needs: ['java', 'mvn'],
    fetch: [['mvn', '-q', '-B', '-Dmaven.main.skip', 'package']],
    compile: [['mvn', '-q', '-B', 'package']],
    start: ({ directory }) => ['java', '-cp', `${directory}/target/classes:${directory}/target/lib/*`, 'portal.Portal'],
    backchannel: '/backchannel',
  },
  { ...php, name: 'PHP with phpseclib', template: 'php', start: () => ['sh', 'yideng.sh'] },
  { ...php, name: 'PHP with phpseclib, ES256', registration: { id_token_alg: 'ES256' } },
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
