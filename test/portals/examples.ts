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
]
