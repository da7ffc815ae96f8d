import { join } from 'node:path'
import { Provider, type KoaContextWithOIDC } from 'oidc-provider'
import { expect, it, onTestFinished } from 'vitest'
import type { Consents, Granted } from '../../src/accounts/consents.ts'
import type { Client } from '../../src/clients/clients.ts'
import { createAdapterFactory } from '../../src/oidc/artifacts/adapter.ts'
import { createLoadGrant } from '../../src/oidc/grants.ts'
import type { Representees } from '../../src/representation/representees.ts'
import { createSessionRows } from '../../src/sessions/rows.ts'
import { openSqliteArtifacts } from '../../src/storage/artifacts-sqlite.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const clock = () => Date.now()
const given: Granted = { scopes: ['openid', 'phone'], claims: [], resources: {} }

/** @param withdrawnAfter look-ups until the consent is withdrawn; Infinity: it is never withdrawn */
async function grantOf({ consent = 'ask', withdrawnAfter }: { consent?: 'ask' | 'implicit'; withdrawnAfter: number }) {
  const artifacts = openSqliteArtifacts(join(temporaryDirectory(), 'artifacts.sqlite'), clock)
  onTestFinished(() => artifacts.close())
  const provider = new Provider('http://localhost:1', {
    adapter: createAdapterFactory({
      artifacts,
      sessions: createSessionRows({ artifacts, findPerson: async () => undefined }),
      clock,
      refreshGraceSeconds: 5,
      successorOf: (token) => `after ${token}`,
      storedBudget: { spend: () => undefined },
      findClient: async () => undefined,
    }),
  })
  let looked = 0
  const consents = { find: async () => ((looked += 1) <= withdrawnAfter ? given : undefined) } as unknown as Consents
  const representees = { rebind: async () => undefined, bind: async () => undefined } as unknown as Representees
  const load = createLoadGrant(consents, async () => ({ consent, scope: given.scopes }) as Client, representees)
  const scopes = new Set(given.scopes)
  const oidc = {
    provider,
    client: { clientId: 'portal' },
    account: { accountId: 'person' },
    session: { grantIdFor: () => undefined },
    requestParamScopes: scopes,
    requestParamOIDCScopes: scopes,
    requestParamClaims: new Set(),
    resourceServers: {},
  }
  const grant = await load({ oidc } as unknown as KoaContextWithOIDC)
  return { grant, stored: await artifacts.listGroup('Grant', 'person') }
}

it('a grant contains the agreed scopes', async () => {
  const { grant, stored } = await grantOf({ withdrawnAfter: Number.POSITIVE_INFINITY })
  expect(grant?.getOIDCScope()).toBe('openid phone')
  expect(stored).toHaveLength(1)
})

it('no grant remains when its consent is withdrawn at the same time', async () => {
  const { grant, stored } = await grantOf({ withdrawnAfter: 1 })
  expect(grant).toBeUndefined()
  expect(stored).toEqual([])
})

it('a portal with implicit consent gets its grant without a consent', async () => {
  const { stored } = await grantOf({ consent: 'implicit', withdrawnAfter: 0 })
  expect(stored).toHaveLength(1)
})
