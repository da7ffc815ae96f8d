import { createHash } from 'node:crypto'
import * as oidc from 'openid-client'
import { pino } from 'pino'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { openArtifacts } from '../../src/storage/stores.ts'
import { startServer, until, usualServer } from '../setup/server.ts'
import { signedIn } from '../setup/signed-in.ts'

let services: Services

beforeAll(async () => {
  services = await (await usualServer()).services()
})

describe('refresh tokens', () => {
  const scope = 'openid profile offline_access'

  it.each(['web', 'spa'] as const)(
    'rotate; repeated within the grace, also in parallel, they have one successor: %s',
    async (type) => {
      const { portal, tokens } = await signedIn(services, { scope, type }, { prompt: 'consent' })
      const first = tokens.refresh_token ?? ''
      const second = await oidc.refreshTokenGrant(portal.configuration, first)
      expect(second.refresh_token).not.toBe(first)
      const repeated = await Promise.all(
        Array.from({ length: 8 }, () => oidc.refreshTokenGrant(portal.configuration, first)),
      )
      expect(new Set(repeated.map(({ refresh_token: token }) => token))).toEqual(new Set([second.refresh_token]))
      const next = await oidc.refreshTokenGrant(portal.configuration, second.refresh_token ?? '')
      expect(next.refresh_token).not.toBe(second.refresh_token)
    },
  )

  const gone = { error: 'invalid_grant' }

  it('cannot be repeated after their successor was used: the family ends', async () => {
    const { portal, tokens } = await signedIn(services, { scope }, { prompt: 'consent' })
    const refresh = (token = '') => oidc.refreshTokenGrant(portal.configuration, token)
    const second = await refresh(tokens.refresh_token)
    const third = await refresh(second.refresh_token)
    await expect(refresh(tokens.refresh_token)).rejects.toMatchObject(gone)
    await expect(refresh(third.refresh_token)).rejects.toMatchObject(gone)
  })

  it.each(['web', 'spa'] as const)('copied and used within the grace start no second family: %s', async (type) => {
    const grace = 2
    const server = await startServer({ YIDENG_REFRESH_GRACE_SECONDS: String(grace) })
    const { portal, tokens } = await signedIn(await server.services(), { scope, type }, { prompt: 'consent' })
    const refresh = (token = '') => oidc.refreshTokenGrant(portal.configuration, token)
    const owner = await refresh(tokens.refresh_token)
    const thief = await refresh(tokens.refresh_token)
    const later = await refresh(owner.refresh_token)
    await server.forward((grace + 1.1) * 1000)
    await expect(refresh(thief.refresh_token)).rejects.toMatchObject(gone)
    await expect(refresh(later.refresh_token)).rejects.toMatchObject(gone)
    for (const { access_token: token } of [owner, thief, later]) {
      const { status } = await fetch(`${server.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })
      expect(status).toBe(401)
    }
  })

  it('end with the first token of the family', async () => {
    const { portal, tokens } = await signedIn(services, { scope }, { prompt: 'consent' })
    const artifacts = await openArtifacts(services.settings, Date.now, pino({ level: 'silent' }))
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

  it('revoke the whole family when an old token is used after the grace', async () => {
    const strict = await startServer({ YIDENG_REFRESH_GRACE_SECONDS: '0' })
    const strictServices = await strict.services()
    const { portal, tokens } = await signedIn(strictServices, { scope }, { prompt: 'consent' })
    const first = tokens.refresh_token ?? ''
    const second = await oidc.refreshTokenGrant(portal.configuration, first)
    await strict.forward(1100)
    await expect(oidc.refreshTokenGrant(portal.configuration, first)).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(oidc.refreshTokenGrant(portal.configuration, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    const noted = () =>
      strictServices.database
        .selectFrom('audit_events')
        .select('sequence')
        .where('event', '=', 'token.reused')
        .execute()
    await until(async () => (await noted()).length > 0)
  })
})
