import { Provider, type KoaContextWithOIDC } from 'oidc-provider'
import { expect, it, vi } from 'vitest'
import type { Consents, Granted } from '../../src/accounts/consents.ts'
import type { Client } from '../../src/clients/clients.ts'
import type { Representees } from '../../src/representation/representees.ts'

// A later version of this server adds a claim to a scope. The modules read the table when they load, so they load after the change.
vi.resetModules()
const { scopeClaims } = await import('../../src/oidc/claim-table.ts')
const before = structuredClone(scopeClaims)
scopeClaims['profile']?.push('nationality')
const { attributesOf } = await import('../../src/oidc/claims.ts')
const { createLoadGrant } = await import('../../src/oidc/grants.ts')

/** Consent of the earlier version. It names the scopes, not their claims. */
const agreed: Granted = { scopes: ['openid', 'profile'], claims: [], resources: {} }

async function grantFor(wanted: { scopes: string[]; claims?: string[] }) {
  const provider = new Provider('http://localhost:1')
  const consents = { find: async () => agreed } as unknown as Consents
  const representees = { rebind: async () => undefined, bind: async () => undefined } as unknown as Representees
  const findClient = async () => ({ consent: 'ask', scope: agreed.scopes, resources: [] }) as unknown as Client
  const oidc = {
    provider,
    client: { clientId: 'portal' },
    account: { accountId: 'person' },
    session: { grantIdFor: () => undefined },
    requestParamScopes: new Set(wanted.scopes),
    requestParamOIDCScopes: new Set(wanted.scopes),
    requestParamClaims: new Set(wanted.claims ?? []),
    resourceServers: {},
  }
  return createLoadGrant(consents, findClient, representees)({ oidc } as unknown as KoaContextWithOIDC)
}

it('a claim that is added to an agreed scope reaches the portal without a new question', async () => {
  expect(before['profile']).not.toContain('nationality')
  const grant = await grantFor({ scopes: ['openid', 'profile'] })
  expect(grant?.getOIDCScope()).toBe('openid profile')
  expect(attributesOf(grant?.getOIDCScope().split(' ') ?? [], [])).toContain('nationality')
})

it('the same claim in a new scope is not in the grant, so the person is asked', async () => {
  const grant = await grantFor({ scopes: ['openid', 'profile', 'citizenship'] })
  expect(grant?.getOIDCScope()).toBe('openid profile')
})

it('a claim asked by name is not in the grant either, so the person is asked', async () => {
  const grant = await grantFor({ scopes: ['openid'], claims: ['nationality'] })
  expect(grant?.getOIDCClaims()).toEqual([])
})
