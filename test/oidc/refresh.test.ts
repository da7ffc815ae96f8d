import { createHash } from 'node:crypto'
import * as oidc from 'openid-client'
import { pino } from 'pino'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Back } from '../../src/admin/house.ts'
import { openArtifacts } from '../../src/storage/stores.ts'
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

  it('end with the first of the family', async () => {
    const { portal, tokens } = await signedIn(house, { scope }, { prompt: 'consent' })
    const artifacts = await openArtifacts(house.settings, Date.now, pino({ level: 'silent' }))
    const keyOf = (token = '') => createHash('sha256').update(token).digest('base64url')
    const kept = async (token?: string) => (await artifacts.get('RefreshToken', keyOf(token))) ?? '{}'
    const before = await kept(tokens.refresh_token)
    const soon = Math.floor(Date.now() / 1000) + 600
    const shortened = JSON.stringify({ ...(JSON.parse(before) as object), exp: soon })
    await artifacts.compareAndSet('RefreshToken', keyOf(tokens.refresh_token), before, shortened)
    const next = await oidc.refreshTokenGrant(portal.configuration, tokens.refresh_token ?? '')
    const { exp } = JSON.parse(await kept(next.refresh_token)) as { exp: number }
    await artifacts.close()
    expect(exp).toBeGreaterThan(soon - 60)
    expect(exp).toBeLessThanOrEqual(soon + 1)
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
