import { errors, Provider } from 'oidc-provider'
import { describe, expect, it } from 'vitest'
import { errorHandler, internalsOf, requestStorage } from '../../../src/oidc/engine/internals.ts'

// As upgrade.test.ts: what src/oidc/direct uses of oidc-provider without documentation.

const provider = new Provider('http://localhost:1', {})

describe('modules without documentation (internals.ts)', () => {
  it('lib/helpers/als.js is where its models read the request', () => {
    const ctx = {} as Parameters<typeof requestStorage.run>[0]
    expect(requestStorage.run(ctx, () => Provider.ctx)).toBe(ctx)
    expect(Provider.ctx).toBeUndefined()
  })

  it('lib/shared/error_handler.js answers an error as a document, and emits its event', async () => {
    const oidcContext = { provider, route: 'token' }
    const ctx = { oidc: oidcContext, accepts: () => 'json', status: 0, body: undefined as unknown }
    const seen: unknown[] = []
    provider.once('grant.error', (_ctx, error) => seen.push(error))
    const refused = new errors.InvalidGrant('no such code')
    await errorHandler('grant.error')(ctx as unknown as Parameters<ReturnType<typeof errorHandler>>[0], async () => {
      throw refused
    })
    expect(ctx).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(seen).toEqual([refused])
  })

  it('has a handler and parameters for each grant that runs outside its middleware', () => {
    for (const grant of ['authorization_code', 'refresh_token']) {
      expect(internalsOf(provider).grantTypeHandlers.get(grant), grant).toBeTypeOf('function')
      expect(internalsOf(provider).grantTypeParams.get(grant), grant).toContain('grant_type')
    }
  })
})
