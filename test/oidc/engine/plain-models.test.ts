import { Provider, type AdapterPayload } from 'oidc-provider'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { copyModelsPlainly } from '../../../src/oidc/engine/plain-models.ts'

interface Made {
  save(ttl: number): Promise<string>
  jti: string
}
interface ModelClass {
  new (payload?: object): Made
  IN_PAYLOAD: string[]
  instantiate(payload?: object): Made
}

/** Extra claims of a token, as `extraTokenClaims` gives them. */
const extraOf = (_ctx: unknown, token: object) =>
  'scope' in token && token.scope === 'more' ? { act: { sub: 'x' } } : undefined

const saved: { id: string; payload: AdapterPayload; ttl: number | undefined }[] = []

const makeProvider = () =>
  new Provider('http://localhost:1', {
    adapter: () => ({
      upsert: async (id, payload, ttl) => void saved.push({ id, payload, ttl }),
      find: async () => undefined,
      findByUid: async () => undefined,
      findByUserCode: async () => undefined,
      consume: async () => undefined,
      destroy: async () => undefined,
      revokeByGrantId: async () => undefined,
    }),
    extraTokenClaims: extraOf,
    features: { deviceFlow: { enabled: true }, pushedAuthorizationRequests: { enabled: true } },
    ttl: { AccessToken: 1, AuthorizationCode: 2, ClientCredentials: 3, DeviceCode: 4, Grant: 5, RefreshToken: 6 },
  })

const theirs = makeProvider()
const ours = makeProvider()
copyModelsPlainly(ours, extraOf)

const kinds = [
  'AccessToken',
  'AuthorizationCode',
  'ClientCredentials',
  'DeviceCode',
  'Grant',
  'Interaction',
  'PushedAuthorizationRequest',
  'RefreshToken',
  'ReplayDetection',
  'Session',
] as const
const modelOf = (provider: Provider, kind: (typeof kinds)[number]) => provider[kind] as unknown as ModelClass

/** Something in every place that is kept, and in some that is not. */
function fullPayload(kind: (typeof kinds)[number]): Record<string, unknown> {
  const values = modelOf(theirs, kind).IN_PAYLOAD.map((key, index) => [key, index % 3 ? `${key} text` : { in: [key] }])
  const known = { kind, jti: 'id', iat: 1000, exp: 9000, scope: 'openid', rotations: 0, resource: undefined }
  return { ...Object.fromEntries(values), ...known, neverKept: 1, ...JSON.parse('{"__proto__":{"polluted":true}}') }
}

/** Own and visible properties; private ones cannot differ by the way of filling them. */
const propertiesOf = (made: object) => Object.fromEntries(Object.entries(made))

async function savedBy(provider: Provider, kind: (typeof kinds)[number], make: (model: ModelClass) => Made) {
  saved.length = 0
  const events: string[] = []
  const emit = vi.spyOn(provider, 'emit').mockImplementation((name) => events.push(String(name)) > 0)
  // how an access token is written is decided where its id is made
  const made = Object.assign(make(modelOf(provider, kind)), { format: 'opaque' })
  const value = await made.save(60)
  emit.mockRestore()
  return { value, events, saved: JSON.parse(JSON.stringify(saved)) as unknown, is: propertiesOf(made) }
}

beforeEach(() => void vi.spyOn(Date, 'now').mockReturnValue(5_000_000))

describe.each(kinds)('%s, copied plainly, is what oidc-provider makes of it', (kind) => {
  it('when it is read', () => {
    const [mine, other] = [ours, theirs].map((provider) => modelOf(provider, kind).instantiate(fullPayload(kind)))
    expect(propertiesOf(mine as Made)).toEqual(propertiesOf(other as Made))
    expect(Object.getPrototypeOf(mine)).toBe(modelOf(ours, kind).prototype)
    expect(Object.keys(propertiesOf(mine as Made)).length).toBeGreaterThan(4)
  })

  it('when it is written, new and read before', async () => {
    const { iat: _iat, ...young } = fullPayload(kind)
    const makes: ((model: ModelClass) => Made)[] = [
      (model) => new model({ ...young, jti: 'new' }),
      (model) => model.instantiate(fullPayload(kind)),
      (model) => Object.assign(new model({ jti: 'changed', uid: 'uid' }), { scope: 'more', accountId: 'person' }),
    ]
    for (const make of makes) {
      const mine = await savedBy(ours, kind, make)
      expect(mine).toEqual(await savedBy(theirs, kind, make))
      expect(mine).toMatchObject({ saved: [{}], events: [expect.stringMatching(/^[a-z_]+\.saved$/)] })
    }
  })

  it('when it is of another kind', () => {
    const other = { ...fullPayload(kind), kind: 'Other' }
    for (const provider of [ours, theirs]) {
      expect(() => modelOf(provider, kind).instantiate(other)).toThrow('kind mismatch')
    }
  })
})

it('leaves a new session new, and one of an unknown cookie not', () => {
  for (const provider of [ours, theirs]) {
    const session = provider.Session as unknown as ModelClass
    expect(session.instantiate()).toMatchObject({ new: true })
    expect(session.instantiate({})).not.toMatchObject({ new: true })
    expect(session.instantiate({})).toMatchObject({
      uid: expect.any(String) as string,
      jti: expect.any(String) as string,
    })
  }
})
