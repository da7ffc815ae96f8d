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
    template: 'oauth2-proxy',
    folder: 'oauth2-proxy',
    needs: ['go'],
    fetch: [['go', 'mod', 'download']],
    compile: [['go', 'build', '-o', 'oauth2-proxy', 'github.com/oauth2-proxy/oauth2-proxy/v7']],
    start: ({ directory, port }) => [
      `${directory}/oauth2-proxy`,
      ...['--config', 'oauth2-proxy.cfg', '--http-address', `127.0.0.1:${port}`, '--upstream', 'static://200'],
    ],
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
]
