import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { Provider, type Adapter, type AdapterPayload } from 'oidc-provider'

/**
 * The baseline: plain oidc-provider with the features that Yideng uses. It stores in an unbounded Map, because its own
 * adapter drops entries after 1,000. Arguments: port, redirect URI, client secret, API, scope of the API, ports of further
 * processes. Processes share no state. Its RSA key is as long as ours. ALGORITHM is that of the ID tokens.
 */
const [, file = '', port = '0', redirectUri = '', secret = '', resource = '', scope = '', ...more] = process.argv

for (const other of more) {
  const child = spawn(process.execPath, [file, other, redirectUri, secret, resource, scope], { stdio: 'inherit' })
  process.on('exit', () => child.kill())
}
if (more.length > 0) process.on('SIGINT', () => process.exit(0))

const payloads = new Map<string, AdapterPayload>()
const uids = new Map<string, string>()
const groups = new Map<string, string[]>()

const adapter = (kind: string): Adapter => {
  const keyOf = (id: string) => `${kind}:${id}`
  return {
    async upsert(id, payload) {
      payloads.set(keyOf(id), payload)
      if (payload.uid) uids.set(payload.uid, keyOf(id))
      if (payload.grantId) {
        const group = groups.get(payload.grantId) ?? []
        group.push(keyOf(id))
        groups.set(payload.grantId, group)
      }
    },
    find: async (id) => payloads.get(keyOf(id)),
    findByUid: async (uid) => payloads.get(uids.get(uid) ?? ''),
    findByUserCode: async () => undefined,
    async consume(id) {
      const payload = payloads.get(keyOf(id))
      if (payload) payload.consumed = Math.floor(Date.now() / 1000)
    },
    async destroy(id) {
      payloads.delete(keyOf(id))
    },
    async revokeByGrantId(grantId) {
      for (const key of groups.get(grantId) ?? []) payloads.delete(key)
      groups.delete(grantId)
    },
  }
}

const es256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
const rs256 = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })

const provider = new Provider(`http://localhost:${port}`, {
  adapter,
  jwks: {
    keys: [
      { ...es256, kid: 'es256', alg: 'ES256', use: 'sig' },
      { ...rs256, kid: 'rs256', alg: 'RS256', use: 'sig' },
    ],
  },
  claims: { openid: ['sub'], profile: ['name', 'gender', 'birthdate', 'updated_at'] },
  clients: [
    {
      client_id: 'bench',
      client_secret: secret,
      redirect_uris: [redirectUri],
      id_token_signed_response_alg: process.env['ALGORITHM'] === 'RS256' ? 'RS256' : 'ES256',
      scope: 'openid profile offline_access',
      grant_types: ['authorization_code', 'refresh_token'],
    },
    {
      client_id: 'service',
      client_secret: secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
  ],
  cookies: { keys: ['the bench keeps no secrets'] },
  features: {
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope,
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
    revocation: { enabled: true },
  },
  rotateRefreshToken: true,
  findAccount: async (_ctx, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, name: '张三', gender: 'male', birthdate: '1990-01-01', updated_at: 1 }),
  }),
  pkce: { required: () => true },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 43_200, IdToken: 600, Interaction: 600, Session: 43_200 },
})

// As in Yideng: connections stay open while another target is measured.
provider.listen(Number(port), '127.0.0.1').keepAliveTimeout = 75_000
