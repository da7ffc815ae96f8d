import type { AdapterPayload } from 'oidc-provider'
import { beforeEach, expect, it, vi } from 'vitest'
import { createAdapterFactory } from '../../../src/oidc/adapter.ts'
import type { SessionRows } from '../../../src/sessions/rows.ts'
import type { Artifacts } from '../../../src/storage/artifacts.ts'
import { hashId } from '../../../src/storage/hash-id.ts'

const store = new Map<string, string>()

/** As much of the store as codes and tokens need. */
const artifacts = {
  get: async (_kind: string, id: string) => store.get(id),
  put: async (_kind: string, id: string, text: string) => void store.set(id, text),
  compareAndSet: async (_kind: string, id: string, before: string, text: string) => {
    if (store.get(id) !== before) return false
    store.set(id, text)
    return true
  },
} as unknown as Artifacts

const adapterOf = createAdapterFactory({
  artifacts,
  sessions: undefined as unknown as SessionRows, // not for codes and tokens
  clock: () => 5000,
  refreshGraceSeconds: 5,
  successorOf: (token) => `after ${token}`,
  storedBudget: { spend: () => undefined },
  findClient: async () => undefined,
})

const code = (jti: string): AdapterPayload => ({
  kind: 'AuthorizationCode',
  jti,
  iat: 1,
  exp: 2_000_000_000,
  claims: { userinfo: { name: null } },
  resource: undefined,
  amr: ['pwd'],
})

const parse = vi.spyOn(JSON, 'parse')
beforeEach(() => {
  store.clear()
  parse.mockClear()
})

it.each(['AuthorizationCode', 'AccessToken'])('gives an %s that was just written as the store has it', async (kind) => {
  const adapter = adapterOf(kind)
  await adapter.upsert('one', { ...code('one'), kind }, 60)
  expect(await adapter.find('one')).toEqual({ ...code('one'), kind })
  expect(parse).not.toHaveBeenCalled()
  // later it is read
  expect(await adapter.find('one')).toEqual({ ...code('one'), kind })
  expect(parse).toHaveBeenCalledOnce()
  expect(store.get(hashId('one'))).not.toContain('"one"')
})

it('gives each of two of the same text its own id', async () => {
  const adapter = adapterOf('AccessToken')
  await adapter.upsert('one', code('one'), 60)
  await adapter.upsert('two', code('two'), 60)
  const [one, two] = [await adapter.find('one'), await adapter.find('two')]
  expect([one?.jti, two?.jti]).toEqual(['one', 'two'])
  expect(one).not.toBe(two)
  expect(parse).not.toHaveBeenCalled()
})

it('does not give what was changed since', async () => {
  const adapter = adapterOf('AuthorizationCode')
  await adapter.upsert('one', code('one'), 60)
  const before = JSON.parse(store.get(hashId('one')) ?? '') as object
  await adapter.consume('one')
  expect(JSON.parse(store.get(hashId('one')) ?? '')).toEqual({ ...before, consumed: 5 })
  expect(await adapter.find('one')).toMatchObject({ jti: 'one', consumed: 5 })
  await expect(adapter.consume('one')).rejects.toThrow('invalid_grant')
  store.delete(hashId('one'))
  expect(await adapter.find('one')).toBeUndefined()
})
