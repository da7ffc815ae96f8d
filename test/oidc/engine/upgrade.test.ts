import { readFileSync } from 'node:fs'
import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { errors, ExternalSigningKey, Provider, type AdapterPayload, type Configuration } from 'oidc-provider'
import Router from 'oidc-provider/lib/helpers/router.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { generateSm2Key, sm2Signer } from '../../../src/keys/guomi/sm2.ts'
import {
  AlreadyUsedError,
  assertPayload,
  initializeKeystore,
  internalsOf,
  revoke,
} from '../../../src/oidc/engine/internals.ts'
import { keySetVersion, replaceSigningKeys } from '../../../src/oidc/engine/provider-key-set.ts'
import { signWithSm2, useSm2Keys } from '../../../src/oidc/engine/sm2-tokens.ts'

// Everything in oidc-provider that src/oidc/engine changes or uses without documentation. After an upgrade, read failures here first.

const stored: { kind: string; act: string; id: string; payload?: AdapterPayload }[] = []

const makeProvider = () =>
  new Provider('http://localhost:1', {
    adapter: (kind) => ({
      upsert: async (id, payload) => void stored.push({ kind, act: 'upsert', id, payload }),
      find: async (id) =>
        kind === 'Client' ? { client_id: id, client_secret: 's', redirect_uris: ['https://a.example/cb'] } : undefined,
      findByUid: async () => undefined,
      findByUserCode: async () => undefined,
      consume: async () => undefined,
      destroy: async (id) => void stored.push({ kind, act: 'destroy', id }),
      revokeByGrantId: async (id) => void stored.push({ kind, act: 'revoke', id }),
    }),
    features: {
      deviceFlow: { enabled: true },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      pushedAuthorizationRequests: { enabled: true },
    },
  })

let provider: ReturnType<typeof makeProvider>
beforeAll(() => {
  provider = makeProvider()
})

/** The property of a prototype or class, as oidc-provider declares it. */
const property = (owner: object, name: string) => Object.getOwnPropertyDescriptor(owner, name)

it('is pinned to one exact version', () => {
  const read = (file: string) => JSON.parse(readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8'))
  const { dependencies } = read('package.json') as { dependencies: Record<string, string> }
  const installed = read('node_modules/oidc-provider/package.json') as { version: string; exports?: unknown }
  expect(dependencies['oidc-provider']).toBe(installed.version)
  expect(installed.exports, 'with `exports`, its lib/ could no longer be imported').toBeUndefined()
})

describe('modules without documentation (internals.ts)', () => {
  it('lib/helpers/initialize_keystore.js replaces the published keys of a running provider', () => {
    const before = internalsOf(provider).jwks
    expect(initializeKeystore).toBeTypeOf('function')
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = { kid: 'upgrade', alg: 'ES256', createdAt: '2026-01-01T00:00:00Z', useFrom: 0, privateKey } as const
    replaceSigningKeys(provider, [key])
    expect(keySetVersion(provider)).not.toBe(before)
    expect(internalsOf(provider).jwks).toMatchObject({ keys: [{ kid: 'upgrade', alg: 'ES256' }] })
  })

  it('lib/helpers/revoke.js ends all kinds of a grant', async () => {
    const ctx = { oidc: { provider, client: undefined, entity: () => undefined } }
    stored.length = 0
    await revoke(ctx as unknown as Parameters<typeof revoke>[0], 'grant').catch(() => undefined)
    const kinds = stored.filter(({ act, id }) => act === 'revoke' && id === 'grant').map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['AccessToken', 'RefreshToken', 'AuthorizationCode', 'DeviceCode']))
  })

  it('lib/helpers/re_render_errors.js has the errors that the device page names', async () => {
    expect(new AlreadyUsedError().name).toBe('AlreadyUsedError')
    const all = (await import('oidc-provider/lib/helpers/re_render_errors.js')) as Record<string, unknown>
    for (const name of ['NotFoundError', 'ExpiredError', 'AlreadyUsedError', 'NoCodeError', 'AbortedError'])
      expect(all[name], name).toBeTypeOf('function')
  })

  it('lib/helpers/router.js registers the routes (test/http/budgets.test.ts)', () => {
    for (const method of ['get', 'post', 'put', 'delete', 'options'] as const)
      expect(Router.prototype[method], method).toBeTypeOf('function')
  })

  it('the router names the matched route on the context (http/metrics.ts)', () => {
    const text = readFileSync(new URL('../../../node_modules/oidc-provider/lib/helpers/router.js', import.meta.url))
    expect(text.toString()).toContain('ctx._matchedRouteName = matched.route.name')
  })
})

describe('properties that engine/ replaces', () => {
  it.each(['acr', 'requestParamOIDCScopes', 'requestParamClaims'])('OIDCContext.prototype.%s is a getter', (name) => {
    expect(property(provider.OIDCContext.prototype, name)?.get).toBeTypeOf('function')
  })

  it.each([
    ['Client', 'compareClientSecret', 1],
    ['Client', 'backchannelLogout', 2],
    ['AccessToken', 'getValueAndPayload', 0],
    ['Grant', 'getOIDCScope', 0],
    ['Grant', 'getOIDCClaims', 0],
  ] as const)('%s.prototype.%s takes %i arguments', (model, name, count) => {
    const method = (provider[model].prototype as unknown as Record<string, unknown>)[name]
    expect(method).toBeTypeOf('function')
    expect(method).toHaveLength(count)
  })

  it('IdToken.validate takes a token and the client with its algorithm', async () => {
    const { validate } = provider.IdToken as unknown as { validate(jwt: string, client: object): Promise<unknown> }
    expect(validate).toHaveLength(2)
    const read: unknown[] = []
    const client = Object.defineProperty({ clientId: 'a' }, 'idTokenSignedResponseAlg', {
      get: () => read.push('alg') && 'RS256',
    })
    await expect(validate('e30.e30.', client)).rejects.toThrow()
    expect(read).toEqual(['alg'])
  })

  it('a response mode is a function of context, address and answer (answer-addresses.ts)', () => {
    const query = internalsOf(provider).responseModes.get('query')
    expect(query).toHaveLength(3)
  })

  it('tokens have save and issue, and a client says whether it gets sid (id-token-claims.ts)', () => {
    for (const [model, name] of [
      [provider.AccessToken, 'save'],
      [provider.IdToken, 'issue'],
      [provider.Client, 'includeSid'],
    ] as const)
      expect(Reflect.get(model.prototype, name)).toBeTypeOf('function')
  })

  it('RefreshToken.prototype.generateTokenId makes the id', () => {
    const token = Object.create(provider.RefreshToken.prototype) as unknown as { generateTokenId(): string }
    expect(token.generateTokenId()).toMatch(/^[\w-]{43}$/)
  })

  it('InvalidScope assigns its description after its scope', () => {
    expect(property(errors.InvalidScope.prototype, 'error_description')).toBeUndefined()
    expect(
      Object.keys(new errors.InvalidScope('not allowed', 'phone')).filter((key) => /^(scope|error_desc)/.test(key)),
    ).toEqual(['scope', 'error_description'])
  })

  it('ReplayDetection.unique takes iss, jti and exp in seconds', async () => {
    const unique = (provider.ReplayDetection as unknown as { unique: unknown }).unique
    expect(unique).toBeTypeOf('function')
    expect(unique).toHaveLength(3)
  })

  it('Client.find asks the adapter, and answers one object for one registration', async () => {
    const client = await provider.Client.find('portal')
    expect(client?.clientId).toBe('portal')
    expect(await provider.Client.find('portal')).toBe(client)
    expect(await provider.Client.find(['portal'] as unknown as string)).toBeUndefined()
  })

  it('Interaction has IN_PAYLOAD, find and save', () => {
    const model = provider.Interaction as unknown as { IN_PAYLOAD: string[]; find: unknown; prototype: object }
    expect(property(model, 'IN_PAYLOAD')?.get).toBeTypeOf('function')
    for (const name of ['session', 'params', 'prompt', 'result', 'returnTo', 'lastSubmission', 'deviceCode'])
      expect(model.IN_PAYLOAD).toContain(name)
    expect(model.find).toBeTypeOf('function')
    expect(provider.Interaction.prototype.save).toBeTypeOf('function')
  })

  it('the login cookies have names, and koa makes the cookies of a request in a getter', () => {
    expect(provider.cookieName('interaction')).not.toBe(provider.cookieName('resume'))
    const prototype = Object.getPrototypeOf(provider.context) as object
    expect(property(prototype, 'cookies')?.get).toBeTypeOf('function')
  })
})

describe('tokens of SM2 (sm2-tokens.ts)', () => {
  it('its key store throws at the algorithm, so nothing is signed otherwise when our changes are lost', () => {
    const keystore = internalsOf(makeProvider()).keystore
    expect(() => keystore.selectForSign({ alg: 'SGD_SM3_SM2' })).toThrow('unsupported JWS algorithm')
    const enabledJWA = { idTokenSigningAlgValues: ['SGD_SM3_SM2'] } as unknown as NonNullable<
      Configuration['enabledJWA']
    >
    expect(() => new Provider('http://localhost:1', { enabledJWA })).toThrow('unsupported')
  })

  it.each(['idtoken', 'logout'])('our %s has the claims of its own', async (use) => {
    const own = makeProvider()
    const { publicKey, sign } = sm2Signer(generateSm2Key())
    const key = {
      kid: 'sm2',
      alg: 'SGD_SM3_SM2',
      createdAt: '2026-01-01T00:00:00Z',
      useFrom: 0,
      publicKey,
      sign,
    } as const
    useSm2Keys(own, [key])
    signWithSm2(own, () => 'raw')
    const issue = async (idTokenSignedResponseAlg: string) => {
      const client = Object.assign(Object.create((await own.Client.find('a')) ?? null), { idTokenSignedResponseAlg })
      const Token = own.IdToken as unknown as new (
        available: object,
        of: object,
      ) => { set(name: string, value: unknown): void; scope: string; issue(options: object): Promise<string> }
      const token = new Token({ sub: 'person' }, { client })
      token.scope = 'openid'
      for (const [name, value] of Object.entries({ nonce: 'n', sid: 's', acr: '3', at_hash: 'value' }))
        token.set(name, value)
      return token.issue({ use })
    }
    const [ours, theirs] = [await issue('SGD_SM3_SM2'), await issue('RS256')]
    const { at_hash: sm3Half, ...claims } = decodeJwt(ours)
    const { at_hash: sha256Half, ...expected } = decodeJwt(theirs)
    expect({ ...claims, iat: 0, exp: Number(claims.exp) - Number(claims.iat) }).toEqual({
      ...expected,
      iat: 0,
      exp: Number(expected.exp) - Number(expected.iat),
    })
    expect(sm3Half === sha256Half, 'hashed for an ID token only').toBe(use === 'logout')
    const { alg, kid, ...header } = decodeProtectedHeader(ours)
    expect([alg, kid]).toEqual(['SGD_SM3_SM2', 'sm2'])
    const { alg: _alg, kid: _kid, ...expectedHeader } = decodeProtectedHeader(theirs)
    expect(header).toEqual(expectedHeader)
  })

  it('another use of a portal with SM2 is an error', async () => {
    const own = makeProvider()
    signWithSm2(own, () => 'raw')
    const issue = Reflect.get(own.IdToken.prototype, 'issue') as (options: object) => Promise<string>
    const client = { idTokenSignedResponseAlg: 'SGD_SM3_SM2' }
    for (const use of ['userinfo', 'introspection', 'authorization'])
      await expect(issue.call({ client }, { use })).rejects.toThrow(`no token of use ${use}`)
  })

  it('lib/helpers/jwt.js checks issuer, audience and subject', () => {
    const expected = { issuer: 'i', audience: 'a', subject: true, ignoreExpiration: true }
    const claims = { iss: 'i', aud: 'a', sub: 's', exp: 1 }
    expect(() => assertPayload(claims, expected)).not.toThrow()
    for (const bad of [{ iss: 'x' }, { aud: 'x' }, { sub: 7 }])
      expect(() => assertPayload({ ...claims, ...bad }, expected)).toThrow()
  })
})

describe('behaviour that this server depends on', () => {
  it('a session that moves is destroyed under its old id first, and `touched` makes it saved', () => {
    const SessionModel = provider.Session as unknown as new (payload: object) => unknown
    const session = new SessionModel({ jti: 'old', uid: 'u' }) as {
      touched: boolean
      oldId?: string
      jti: string
      resetIdentifier(): void
    }
    session.resetIdentifier()
    expect(session).toMatchObject({ oldId: 'old', touched: true })
    expect(session.jti).not.toBe('old')
  })

  it('its errors share one class, below Error, which captures a stack trace', () => {
    expect(errors.OIDCProviderError.prototype).toBeInstanceOf(Error)
    expect(new errors.InvalidToken('why')).toBeInstanceOf(errors.OIDCProviderError)
  })

  it('an external signing key signs with its own `sign` and publishes its `keyObject`', () => {
    expect(property(ExternalSigningKey.prototype, 'keyObject')?.value).toBeTypeOf('function')
    expect(property(ExternalSigningKey.prototype, 'sign')?.value).toBeTypeOf('function')
  })

  it('`Provider.ctx` is undefined outside a request', () => {
    expect(property(Provider, 'ctx')?.get).toBeTypeOf('function')
    expect(Provider.ctx).toBeUndefined()
  })
})

it('client.asymmetricKeyStore has refresh, selectForVerify and freshUntil (client-key-sets.ts)', async () => {
  const client = await provider.Client.find('a')
  const set = (client as unknown as { asymmetricKeyStore: object }).asymmetricKeyStore
  expect(set).toMatchObject({ refresh: expect.any(Function), selectForVerify: expect.any(Function) })
  expect(String((set as { fresh: unknown }).fresh)).toContain('this.freshUntil > now')
})
