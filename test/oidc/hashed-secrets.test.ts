import { describe, expect, it } from 'vitest'
import type { Client } from '../../src/clients/clients.ts'
import { ownClientDefaults } from '../../src/clients/client.ts'
import type { Services } from '../../src/services.ts'
import { toOidcMetadata } from '../../src/oidc/client-metadata.ts'
import { fixedConfiguration } from '../../src/oidc/provider-configuration.ts'
import { usualServer } from '../setup/server.ts'

// `client_secret` is the hash of the secret. With an HMAC algorithm the hash would be the key, so a copy of the store could sign.

const hmac = /^HS\d+$/

describe('the hash of a secret is never a key', () => {
  it('no algorithm of this server is symmetric', () => {
    const { idTokenSigningAlgValues, clientAuthSigningAlgValues } = fixedConfiguration.enabledJWA
    for (const alg of [...idTokenSigningAlgValues, ...clientAuthSigningAlgValues]) expect(alg).not.toMatch(hmac)
    expect(fixedConfiguration.clientAuthMethods).not.toContain('client_secret_jwt')
  })

  it('no registration asks for one', () => {
    const client = {
      ...ownClientDefaults,
      id: 'portal',
      name: '门户',
      scope: ['openid'],
      redirect_uris: [],
      post_logout_redirect_uris: [],
      secretHash: 'a-hash',
    } as unknown as Client
    for (const auth_method of ['client_secret_basic', 'client_secret_post'] as const) {
      const metadata = toOidcMetadata({ ...client, auth_method })
      expect(metadata.client_secret).toBe('a-hash')
      const algorithms = Object.entries(metadata).filter(([name]) => name.endsWith('_alg'))
      expect(algorithms.length).toBeGreaterThan(0)
      for (const [name, alg] of algorithms) expect(alg, name).not.toMatch(hmac)
      expect(metadata.token_endpoint_auth_method).toBe(auth_method)
    }
  })

  it.each([
    { auth_method: 'client_secret_jwt' },
    { id_token_alg: 'HS256' },
    { token_endpoint_auth_signing_alg: 'HS256' },
    { userinfo_signed_response_alg: 'HS256' },
    { request_object_signing_alg: 'HS256' },
    { authorization_signed_response_alg: 'HS256' },
    { introspection_signed_response_alg: 'HS256' },
  ])('a registration with %o is refused', async (fields) => {
    const services: Services = await (await usualServer()).services()
    const registration = { name: '测试门户', redirect_uris: ['https://a.example.cn/cb'], ...fields }
    const created = await services.clients.create(registration, 'administrator:test')
    expect(created.ok).toBe(false)
  })

  it('discovery offers none', async () => {
    const { issuer } = await usualServer()
    const metadata = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<
      string,
      unknown
    >
    const lists = Object.entries(metadata).filter(([name]) => /_alg_values_supported|auth_methods_supported/.test(name))
    expect(lists.length).toBeGreaterThan(3)
    for (const [name, values] of lists) {
      for (const value of values as string[]) expect(value, name).not.toMatch(/^HS\d+$|^client_secret_jwt$/)
    }
  })
})
