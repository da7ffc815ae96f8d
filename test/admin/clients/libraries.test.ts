import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { libraryNames, type LibraryName } from '../../../src/admin/clients/libraries/libraries.ts'
import { usualServer } from '../../setup/server.ts'
import { commandLine } from '../../cli/in-process.ts'

interface Made {
  client_id: string
  client_secret?: string
  configuration: string
  [field: string]: unknown
}

const issuer = 'http://localhost:1'
const redirectUri = 'https://www.sz.example/oauth2/callback'
const app = 'cn.gov.example.app:/callback'

const basic = { auth_method: 'client_secret_basic', scope: 'openid profile', id_token_alg: 'RS256', pkce: 'or-nonce' }
const post = { ...basic, auth_method: 'client_secret_post' }
const none = { auth_method: 'none', scope: 'openid profile', id_token_alg: 'ES256', pkce: 'required' }

/** What each library is registered with, and lines of its configuration. */
const table: Record<LibraryName, [object, string[]]> = {
  spring: [basic, ['issuer-uri: "http://localhost:1"', 'client-authentication-method: client_secret_basic']],
  'spring-api': [
    { type: 'service' },
    ['JwtTypeValidator(List.of("at+jwt"))', 'JwtAudienceValidator("https://api.example.gov.cn/")'],
  ],
  nimbus: [basic, ['JWSAlgorithm.RS256', 'new ClientSecretBasic(']],
  fastapi: [basic, ['starlette_client import OAuth']],
  allauth: [basic, ['"token_auth_method": "client_secret_basic"', '"OAUTH_PKCE_ENABLED": True']],
  zitadel: [basic, ['rp.WithAuthStyle(oauth2.AuthStyleInHeader)', 'rp.WithPKCE(cookies)']],
  authlib: [basic, ['"code_challenge_method": "S256"', '"token_endpoint_auth_method": "client_secret_basic"']],
  django: [post, ['OIDC_RP_SIGN_ALGO = "RS256"', 'OIDC_USE_PKCE = True', 'OIDC_TOKEN_USE_BASIC_AUTH = False']],
  go: [basic, ['oauth2.S256ChallengeOption(pkce)', 'oauth2.AuthStyleInHeader']],
  'oauth2-proxy': [basic, ['oidc_email_claim = "sub"', 'code_challenge_method = "S256"', 'cookie_secure = true']],
  apache: [basic, ['OIDCIDTokenSignedResponseAlg RS256', 'OIDCPKCEMethod S256']],
  nginx: [basic, ['auth_request /oauth2/auth;', 'set_xauthrequest = true']],
  php: [basic, ["export URL='https://www.sz.example'", "export SCOPE='openid profile'"]],
  node: [post, ['client.ClientSecretPost(', 'client.allowInsecureRequests', "code_challenge_method: 'S256'"]],
  rust: [basic, ['.set_pkce_challenge(challenge)']],
  spa: [{ type: 'spa', ...none }, ['loadUserInfo: true']],
  mobile: [{ type: 'native', ...none }, ['"https_required": false']],
  'mini-program': [basic, ['A channel lets people sign in']],
}

function creating(name: LibraryName, ...more: string[]) {
  const redirects = name === 'spring-api' ? [] : ['--redirect-uri', name === 'mobile' ? app : redirectUri]
  return ['client', 'create', '--name', '门户', '--for', name, ...redirects, ...more]
}

describe('client create --for', () => {
  it.each(libraryNames)('%s registers what it needs, and prints its configuration', async (name) => {
    const made = await commandLine().json<Made>(...creating(name))
    const [registered, lines] = table[name]
    expect(made).toMatchObject(registered)
    // an API needs no id and no secret to verify tokens
    const own = name === 'spring-api' ? [] : [made.client_id, made.client_secret ?? made.client_id]
    // the reader must know where the text belongs; JSON holds no such line
    if (name !== 'mobile') expect(made.configuration).toMatch(/^(#|\/\/) File: \S+\n/)
    for (const line of [issuer, ...own, ...lines]) expect(made.configuration).toContain(line)
    if (!['php', 'spring-api', 'django', 'allauth'].includes(name)) {
      expect(made.configuration).toContain(name === 'mobile' ? app : redirectUri)
    }
  })

  it('lets a flag count more than the library', async () => {
    const flags = ['--id-token-alg', 'ES256', '--auth-method', 'client_secret_post', '--scope', 'openid phone']
    const made = await commandLine().json<Made>(...creating('nimbus', ...flags))
    expect(made).toMatchObject({ id_token_alg: 'ES256', auth_method: 'client_secret_post', scope: 'openid phone' })
    for (const line of ['JWSAlgorithm.ES256', 'new ClientSecretPost(', '"openid phone"']) {
      expect(made.configuration).toContain(line)
    }
  })

  it('prints YAML and JSON that can be read', async () => {
    const { json } = commandLine()
    const spring = await json<Made>(...creating('spring'))
    const { registration } = (
      parse(spring.configuration) as { spring: { security: { oauth2: { client: { registration: object } } } } }
    ).spring.security.oauth2.client
    expect(registration).toMatchObject({
      yideng: { 'client-id': spring.client_id, 'client-secret': spring.client_secret },
    })
    const mobile = await commandLine().json<Made>(...creating('mobile'))
    expect(JSON.parse(mobile.configuration)).toMatchObject({ client_id: mobile.client_id, redirect_uri: app })
  })

  it('shows people the configuration line by line, and how the portal authenticates', async () => {
    const { out } = await commandLine().yideng(...creating('django'))
    expect(out).toContain('\nOIDC_RP_SCOPES = "openid profile"\nOIDC_RP_SIGN_ALGO = "RS256"\n')
    expect(out).toContain('authentication  client_secret_post')
  })

  it('refuses a library it does not know', async () => {
    const answer = await commandLine().yideng('client', 'create', '--name', 'a', '--for', 'cobol')
    expect(answer).toMatchObject({ code: 2, err: expect.stringContaining('must be one of: spring, spring-api') })
  })
})

it('prints the issuer of the server that runs on this store, not that of its own settings', async () => {
  const server = await usualServer()
  const { YIDENG_DATA_DIR, YIDENG_KEYS_DIR, YIDENG_DATABASE_URL, YIDENG_REDIS_URL } = server.environment
  const stores = { YIDENG_DATA_DIR, YIDENG_KEYS_DIR, YIDENG_DATABASE_URL, YIDENG_REDIS_URL }
  const environment = Object.fromEntries(
    Object.entries(stores).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const { json, yideng } = commandLine({ environment })
  const flags = ['--name', '发证者门户', '--redirect-uri', 'https://issuer.sz.example/cb']
  const made = await json<Made>('client', 'create', ...flags, '--for', 'go')
  expect(made.configuration).toContain(`issuer      = "${server.issuer}"`)
  await json('client', 'delete', made.client_id)
  expect((await yideng('client', 'create', ...flags)).out).toContain(`issuer          ${server.issuer}\n`)
})
