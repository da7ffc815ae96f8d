import { Provider, type KoaContextWithOIDC } from 'oidc-provider'
import { afterEach, expect, it, vi } from 'vitest'
import { createAdapterFactory } from '../../../src/oidc/adapter.ts'
import { makeModelsOnce } from '../../../src/oidc/engine/made-once.ts'
import type { SessionRows } from '../../../src/sessions/rows.ts'
import type { Artifacts } from '../../../src/storage/artifacts.ts'

const clock = () => Date.now()
let text = ''

const provider = new Provider('http://localhost:1', {
  adapter: createAdapterFactory({
    artifacts: { get: async () => text } as unknown as Artifacts,
    sessions: { counts: async () => true } as unknown as SessionRows,
    clock,
    refreshGraceSeconds: 5,
    successorOf: (token) => `after ${token}`,
    storedBudget: { spend: () => undefined },
    findClient: async () => undefined,
  }),
})
makeModelsOnce(provider)

/** As in a request to this route: oidc-provider keeps its context where only its own middleware can put one. */
function during(route: string): void {
  vi.spyOn(Provider, 'ctx', 'get').mockImplementation(() => ({ oidc: { route } }) as KoaContextWithOIDC)
}

afterEach(() => vi.restoreAllMocks())

const grantOf = (scope: string, exp = clock() / 1000 + 60) =>
  JSON.stringify({ kind: 'Grant', grantId: 'g', accountId: 'p', clientId: 'c', openid: { scope }, exp })

it('makes a grant once where it is only looked at, as long as the store holds the same', async () => {
  during('userinfo')
  text = grantOf('openid')
  const first = await provider.Grant.find('g')
  expect(await provider.Grant.find('g')).toBe(first)
  text = grantOf('openid phone')
  expect((await provider.Grant.find('g'))?.getOIDCScope()).toBe('openid phone')
})

it('gives each authorization request a grant of its own, for there it is changed', async () => {
  during('userinfo')
  text = grantOf('openid')
  const looked = await provider.Grant.find('g')
  during('authorization')
  const changed = await provider.Grant.find('g')
  changed?.addOIDCScope('identity')
  expect(await provider.Grant.find('g')).not.toBe(changed)
  expect(looked?.getOIDCScope()).toBe('openid')
})

it('still asks each time whether it has expired', async () => {
  during('token')
  const soon = clock() + 30_000
  text = grantOf('openid', soon / 1000)
  expect(await provider.Grant.find('g')).toBeDefined()
  vi.spyOn(Date, 'now').mockReturnValue(soon + 60_000)
  expect(await provider.Grant.find('g')).toBeUndefined()
})
