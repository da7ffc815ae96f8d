import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'

type Made = { client_id: string; pkce: string; id_token_alg: string }

const web = ['client', 'create', '--name', '深圳市政务服务网', '--redirect-uri', 'https://www.sz.example/callback']
const spa = [...web, '--type', 'spa']
const ecKey = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}

function withKeys(...keys: object[]) {
  const line = commandLine()
  const file = join(line.directory, 'jwks.json')
  writeFileSync(file, JSON.stringify({ keys }))
  const byKey = [...web, '--auth-method', 'private_key_jwt', '--jwks', file]
  return { ...line, byKey, fapi2: [...byKey, '--profile', 'fapi2'] }
}

describe('PKCE of a registration', () => {
  it.each<[string, string[], string]>([
    ['a web portal', web, 'or-nonce'],
    ['a web portal that asks for it', [...web, '--pkce', 'required'], 'required'],
    ['a web portal without, with a reason', [...web, '--pkce', 'off', '--reason', 'passport has none'], 'off'],
    ['a browser portal', spa, 'required'],
    ['a browser portal that asks for less', [...spa, '--pkce', 'or-nonce'], 'required'],
  ])('%s', async (_what, argv, pkce) => {
    expect(await commandLine().json(...argv)).toMatchObject({ pkce })
  })

  it.each<[string, string[], string]>([
    ['off without a reason', [...web, '--pkce', 'off'], '--reason is needed for pkce off'],
    ['off for a public portal', [...spa, '--pkce', 'off', '--reason', 'x'], '--pkce "off" must not be off'],
    ['a reason without off', [...web, '--reason', 'x'], '--reason "x" must be left out'],
    ['another value', [...web, '--pkce', 'no'], '--pkce "no" must be one of: required, or-nonce, off'],
  ])('refuses %s', async (_what, argv, message) => {
    expect(await commandLine().yideng(...argv)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
  })

  it('off is audited with its reason, and doctor names the portal until it is taken back', async () => {
    const { json, yideng } = commandLine()
    const { client_id: id } = await json<Made>(...web, '--pkce', 'off', '--reason', 'passport-openidconnect has none')
    expect(JSON.stringify(await json('audit', 'list'))).toContain('passport-openidconnect has none')
    const off = `(${id}): passport-openidconnect has none`
    expect((await yideng('doctor')).out).toContain(off)
    const back = await json('client', 'update', id, '--pkce', '')
    expect(back).toMatchObject({ pkce: 'or-nonce' })
    expect(back).not.toHaveProperty('pkce_reason')
    expect((await yideng('doctor')).out).not.toContain(off)
  })
})

describe('profile fapi2', () => {
  it('needs PKCE and signs ES256, and can be taken back', async () => {
    const { json, fapi2 } = withKeys(ecKey)
    const made = await json<Made>(...fapi2)
    expect(made).toMatchObject({ profile: 'fapi2', pkce: 'required', id_token_alg: 'ES256' })
    const back = await json('client', 'update', made.client_id, '--profile', 'none')
    expect(back).not.toHaveProperty('profile')
  })

  it.each<[string, string[], string]>([
    ['a secret', [...web, '--profile', 'fapi2'], '--auth-method must be private_key_jwt'],
    ['a public portal', [...spa, '--profile', 'fapi2'], '--auth-method must be private_key_jwt'],
  ])('refuses %s', async (_what, argv, message) => {
    expect(await commandLine().yideng(...argv)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
  })

  it.each<[string, object, string[], string]>([
    ['ID tokens by RS256', ecKey, ['--id-token-alg', 'RS256'], '--id-token-alg "RS256" must be ES256'],
    ['pkce off', ecKey, ['--pkce', 'off', '--reason', 'x'], '--pkce "off" must not be off'],
    ['a key for RS256', { kty: 'RSA', n: 'sXch', e: 'AQAB', alg: 'RS256' }, [], '--jwks has a key for RS256'],
  ])('refuses %s', async (_what, key, more, message) => {
    const { yideng, fapi2 } = withKeys(key)
    expect(await yideng(...fapi2, ...more)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
  })
})

it('registers claims in the ID token, and takes them back', async () => {
  const { json } = commandLine()
  const made = await json<Made>(...web, '--claims-in-id-token')
  expect(made).toMatchObject({ claims_in_id_token: true })
  expect(await json('client', 'update', made.client_id, '--min-level', '3')).toMatchObject({ claims_in_id_token: true })
  const back = await json('client', 'update', made.client_id, '--no-claims-in-id-token')
  expect(back).toMatchObject({ claims_in_id_token: false })
})

describe('the algorithm of ID tokens', () => {
  const of = (type: string, uri: string) => [
    'client',
    'create',
    '--name',
    '门户',
    '--type',
    type,
    '--redirect-uri',
    uri,
  ]
  const service = ['client', 'create', '--name', '门户', '--type', 'service']
  it.each<[string, string, string[], string]>([
    ['web', '', web, 'RS256'],
    ['spa', '', spa, 'ES256'],
    ['native', '', of('native', 'cn.gov.example.app:/callback'), 'ES256'],
    ['service', '', service, 'ES256'],
    ['web that asks for ES256', '', [...web, '--id-token-alg', 'ES256'], 'ES256'],
    ['spa that asks for RS256', '', [...spa, '--id-token-alg', 'RS256'], 'RS256'],
    ['web where the setting is ES256', 'ES256', web, 'ES256'],
    ['spa where the setting is RS256', 'RS256', spa, 'RS256'],
  ])('%s', async (_what, setting, argv, expected) => {
    const { json } = commandLine({ environment: { YIDENG_ID_TOKEN_ALG: setting } })
    expect(await json(...argv)).toMatchObject({ id_token_alg: expected })
  })

  it('of an existing portal stays, with another setting and with an import that does not name it', async () => {
    const environment = { YIDENG_ID_TOKEN_ALG: 'ES256' }
    const { directory, json, yideng } = commandLine({ environment })
    const { client_id: id } = await json<Made>(...web)
    environment.YIDENG_ID_TOKEN_ALG = 'RS256'
    expect(await json('client', 'update', id, '--min-level', '3')).toMatchObject({ id_token_alg: 'ES256' })
    const file = join(directory, 'portals.yaml')
    writeFileSync(file, (await yideng('client', 'export')).out.replace(/^ *id_token_alg:.*\n/m, ''))
    expect(await json('client', 'import', file)).toMatchObject({ steps: [{ action: 'keep' }] })
  })
})

it('has a key of each algorithm from the first start', async () => {
  const { json } = commandLine({ empty: true })
  const { signing } = await json<{ signing: { alg: string; state: string }[] }>('keys', 'list')
  expect(
    signing
      .filter(({ state }) => state === 'signs')
      .map(({ alg }) => alg)
      .toSorted(),
  ).toEqual(['ES256', 'RS256', 'SGD_SM3_SM2'])
})

it.each([
  ['https://10.20.30.40/bc', true],
  ['https://172.16.5.5/bc', true],
  ['https://192.168.1.1/bc', true],
  ['https://127.0.0.1/bc', true],
  ['http://localhost:8080/bc', true],
  ['https://[fd00::1]/bc', true],
  ['https://100.64.0.1/bc', true],
  ['https://portal.example/bc', false],
  ['https://8.8.8.8/bc', false],
  ['https://[2606:4700::1]/bc', false],
])('names the setting where %s is on an inner network', async (uri, inner) => {
  const { out } = await commandLine().yideng(...web, '--backchannel-logout-uri', uri)
  expect(out.includes('YIDENG_OUTBOUND_NETWORKS')).toBe(inner)
})
