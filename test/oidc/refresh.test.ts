import * as oidc from 'openid-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Back } from '../../src/admin/house.ts'
import { startServer, until, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'

let house: Back

beforeAll(async () => {
  house = await (await usualServer()).house()
})

describe('refresh tokens', () => {
  const scope = 'openid profile offline_access'

  it('rotate; the old one may be repeated for a moment', async () => {
    const { portal, tokens } = await signedIn(house, { scope }, { prompt: 'consent' })
    const first = tokens.refresh_token ?? ''
    const second = await oidc.refreshTokenGrant(portal.configuration, first)
    expect(second.refresh_token).not.toBe(first)
    const repeated = await oidc.refreshTokenGrant(portal.configuration, first)
    expect(repeated.access_token).toBeTypeOf('string')
  })

  it('revoke the whole family when an old one comes back late', async () => {
    const strict = await startServer({ YIDENG_REFRESH_GRACE_SECONDS: '0' })
    const strictHouse = await strict.house()
    const { portal, tokens } = await signedIn(strictHouse, { scope }, { prompt: 'consent' })
    const first = tokens.refresh_token ?? ''
    const second = await oidc.refreshTokenGrant(portal.configuration, first)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await expect(oidc.refreshTokenGrant(portal.configuration, first)).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(oidc.refreshTokenGrant(portal.configuration, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    const noted = () =>
      strictHouse.database.selectFrom('audit_events').select('sequence').where('event', '=', 'token.reused').execute()
    await until(async () => (await noted()).length > 0)
  })
})
