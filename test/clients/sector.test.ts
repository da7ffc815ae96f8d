import { describe, expect, it } from 'vitest'
import { fromRow, type Client, type ClientRow } from '../../src/clients/client.ts'
import { parseClientMetadata, type ClientInput } from '../../src/clients/metadata.ts'
import { effectiveSector } from '../../src/clients/sector.ts'
import { toOidcMetadata } from '../../src/oidc/client-metadata.ts'
import { openSigningKeys } from '../../src/keys/signing-keys.ts'
import { createRegistrationCheck } from '../../src/oidc/registration-check.ts'
import { laySigningKeys } from '../setup/signing-keys.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

function faultOfRegistration(client: Client) {
  const keys = temporaryDirectory()
  laySigningKeys(keys)
  return createRegistrationCheck(openSigningKeys(keys, Date.now))(client)
}

const app = 'cn.gov.example.app:/callback'
const stored = (metadata: object): ClientRow => ({
  id: 'a'.repeat(24),
  metadata: JSON.stringify(metadata),
  secret_hash: 'hash',
  status: 'active',
  created_at: 0,
  updated_at: 0,
  mac: null,
})

function registered(input: Partial<ClientInput>) {
  const parsed = parseClientMetadata({ name: '门户', ...input })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return fromRow(stored(parsed.metadata))
}

/** The host that oidc-provider makes subjects for. */
function sectorAtProvider(client: ReturnType<typeof registered>) {
  const { sector_identifier_uri, redirect_uris = [] } = toOidcMetadata(client)
  return new URL(sector_identifier_uri ?? redirect_uris[0] ?? '').host
}

describe('the sector of a new registration is a host without port (OIDC Core 8.1)', () => {
  it.each<[string, Partial<ClientInput>, string]>([
    ['one address', { redirect_uris: ['https://p.example/cb'] }, 'p.example'],
    ['a port', { redirect_uris: ['https://p.example:8443/cb'] }, 'p.example'],
    ['two ports of a host', { redirect_uris: ['https://p.example:8443/cb', 'https://p.example/cb'] }, 'p.example'],
    [
      'two ports on localhost',
      { redirect_uris: ['http://localhost:8081/cb', 'http://localhost:8082/cb'] },
      'localhost',
    ],
    [
      'a sector',
      { redirect_uris: ['https://a.example/', 'https://b.example/'], sector: 'https://s.example/' },
      's.example',
    ],
    [
      'a sector of an older portal with its port',
      { redirect_uris: ['https://a.example/'], sector: 'https://p.example:8443/' },
      'p.example:8443',
    ],
    ['an app', { type: 'native', redirect_uris: [app] }, 'cn.gov.example.app'],
    ['an app and its loopback', { type: 'native', redirect_uris: ['http://127.0.0.1/cb', app] }, 'cn.gov.example.app'],
    ['loopback alone', { type: 'native', redirect_uris: ['http://127.0.0.1/cb', 'http://localhost/cb'] }, 'localhost'],
    [
      'an app with a claimed address',
      { type: 'native', redirect_uris: ['https://m.example/cb', 'http://127.0.0.1/cb'] },
      'm.example',
    ],
  ])('%s', async (_what, input, sector) => {
    const client = registered(input)
    expect(effectiveSector(client)).toBe(sector)
    expect(sectorAtProvider(client)).toBe(sector)
    expect(await faultOfRegistration(client)).toBeUndefined()
  })

  it.each<[string, Partial<ClientInput>]>([
    ['several hosts', { redirect_uris: ['https://a.example/', 'https://b.example/'] }],
    ['a host and loopback of a web portal', { redirect_uris: ['https://a.example/', 'http://localhost/'] }],
    ['an http sector', { redirect_uris: ['https://a.example/'], sector: 'http://localhost/' }],
  ])('refuses %s', (_what, input) => {
    const parsed = parseClientMetadata({ name: '门户', ...input })
    expect(parsed.ok || parsed.problems.map(({ field }) => field)).toEqual(['sector'])
  })
})

/** As version 0.2 stored them: without any of the later fields. */
const older = (metadata: object) => {
  const {
    pkce: _p,
    claims_in_id_token: _c,
    sector_rule: _s,
    ...rest
  } = registered({ redirect_uris: ['https://a.example/'] })
  return fromRow(stored({ ...rest, ...metadata }))
}

describe('a registration of an older version keeps its subs', () => {
  it.each<[string, object, string]>([
    ['with a port', { redirect_uris: ['https://p.example:8443/cb'] }, 'p.example:8443'],
    ['on localhost', { redirect_uris: ['http://localhost:3400/cb'] }, 'localhost:3400'],
    ['of an app', { type: 'native', auth_method: 'none', redirect_uris: [app] }, ''],
    ['with a sector', { redirect_uris: ['https://a.example/'], sector: 'https://s.example:1/' }, 's.example:1'],
    [
      'with a sector that made it unusable',
      { redirect_uris: ['https://a.example/'], sector: 'http://localhost/' },
      'localhost',
    ],
  ])('%s', async (_what, metadata, sector) => {
    const client = older(metadata)
    expect(effectiveSector(client)).toBe(sector)
    expect(sectorAtProvider(client)).toBe(sector)
    expect(
      await faultOfRegistration({ ...client, secretHash: client.auth_method === 'none' ? null : 'hash' }),
    ).toBeUndefined()
  })
})

it.each<[string, object]>([
  ['no redirect URI', { redirect_uris: [] }],
  ['an app scheme of a web portal', { redirect_uris: [app] }],
  ['two hosts by the older rule', { redirect_uris: ['https://a.example/', 'https://b.example/'] }],
  ['keys of no kind', { auth_method: 'private_key_jwt', jwks: { keys: [{}] } }],
])('the provider itself refuses %s', async (_what, metadata) => {
  expect(await faultOfRegistration(older(metadata))).toBeTypeOf('string')
})
