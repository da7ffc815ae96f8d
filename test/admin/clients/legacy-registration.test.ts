import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { gatewayTokenOf } from '../../../src/clients/gateway-token.ts'
import { hashSecret } from '../../../src/clients/secrets.ts'
import { openServices } from '../../../src/services.ts'
import { readSettings } from '../../../src/config/settings.ts'
import { commandLine } from '../../cli/in-process.ts'

type Made = { client_id: string; client_secret?: string; gateway_token?: string }

const day = 86_400_000
const dateIn = (days: number) => new Date(Date.now() + 8 * 3_600_000 + days * day).toISOString().slice(0, 10)
const web = ['client', 'create', '--name', '旧门户', '--redirect-uri', 'https://www.old.example/cas/app']
const network = ['--network', '10.3.0.0/16']
const until = ['--legacy-until', dateIn(400)]
const tif = [...web, '--legacy', 'tif', ...until, ...network]
const casUntil = (date: string) => [...web, '--legacy', 'cas', '--legacy-until', date]
const cas = casUntil(dateIn(400))

describe('the registration of an old portal', () => {
  it('tif has a secret, and a second one for signed calls that no store has', async () => {
    const { json, environment } = commandLine()
    const made = await json<Made>(...tif)
    expect(made).toMatchObject({ legacy: 'tif', auth_method: 'client_secret_post', networks: ['10.3.0.0/16'] })
    const services = await openServices(readSettings(environment), () => Date.now())
    try {
      const secretHash = hashSecret(made.client_secret ?? '')
      const token = gatewayTokenOf(services.dataKeys.pairwise, { id: made.client_id, secretHash })
      expect(made.gateway_token).toBe(token)
      const rows = await services.database.selectFrom('clients').selectAll().execute()
      expect(JSON.stringify(rows)).not.toContain(token)
    } finally {
      await services.close()
    }
    const rotated = await json<Made>('client', 'rotate-secret', made.client_id)
    expect(rotated.gateway_token).toMatch(/^[\w-]{43}$/)
    expect(rotated.gateway_token).not.toBe(made.gateway_token)
    expect(await json('client', 'show', made.client_id)).not.toHaveProperty('gateway_token')
  })

  it('CAS has neither', async () => {
    const made = await commandLine().json<Made>(...cas)
    expect(made).toMatchObject({ legacy: 'cas', auth_method: 'none' })
    expect(made).not.toHaveProperty('client_secret')
    expect(made).not.toHaveProperty('gateway_token')
  })

  it.each<[string, string[], string]>([
    ['no date', [...web, '--legacy', 'tif', ...network], '--legacy-until is needed with legacy'],
    ['a date of another form', casUntil('31.12.2027'), '--legacy-until "31.12.2027" must be a day'],
    ['a day that does not exist', casUntil('2027-02-30'), 'must be a day such as'],
    ['a date of yesterday', casUntil(dateIn(-1)), 'has passed'],
    ['a date in four years', casUntil(dateIn(1461)), 'must be at most 3 years ahead'],
    ['tif without its networks', [...web, '--legacy', 'tif', ...until], '--network is needed for legacy tif'],
    ['another protocol', [...web, '--legacy', 'saml', ...until], 'must be one of: tif, tif-beijing, cas'],
    ['a date without a protocol', [...web, ...until], '--legacy-until'],
    ['an app', [...tif, '--type', 'spa'], '--type "spa" must be web for legacy'],
    ['another authentication', [...tif, '--auth-method', 'client_secret_basic'], 'must be client_secret_post'],
    ['level 4', [...tif, '--min-level', '4'], '--legacy-level4 is needed for min_level 4'],
    ['offline access', [...tif, '--scope', 'openid offline_access'], 'must not hold offline_access'],
    ['an API', [...tif, '--resource', 'https://api.example/'], '--resource must be left out'],
    ['logout tokens', [...tif, '--backchannel-logout-uri', 'https://www.old.example/out'], 'tif has no logout tokens'],
    ['PKCE off', [...tif, '--pkce', 'off', '--reason', 'old'], '--pkce'],
  ])('is refused for %s', async (_what, argv, message) => {
    expect(await commandLine().yideng(...argv)).toMatchObject({ code: 2, err: expect.stringContaining(message) })
  })

  it('the last day and the day in three years are taken', async () => {
    const { json } = commandLine()
    await expect(json(...casUntil(dateIn(0)))).resolves.toHaveProperty('client_id')
    const other = ['client', 'create', '--name', '另一个旧门户', '--redirect-uri', 'https://www.other.example/app']
    await expect(json(...other, '--legacy', 'cas', '--legacy-until', dateIn(1095))).resolves.toHaveProperty('client_id')
  })

  it('after its day it may change otherwise, and gets a later day or OpenID Connect', async () => {
    let now = Date.now()
    const { json, yideng } = commandLine({ clock: () => now })
    const { client_id: id } = await json<Made>(...tif)
    expect((await yideng('doctor')).out).toMatch(/speaks tif until [\d-]+: 40[01] days left/)
    now += 390 * day
    expect((await yideng('doctor')).out).toMatch(/speaks tif until [\d-]+: 1[01] days left/)
    now += 20 * day
    expect((await yideng('doctor')).out).toContain('it can sign nobody in')
    expect((await yideng('client', 'update', id, '--purpose', '办事')).code).toBe(0)
    expect((await yideng('client', 'update', id, '--legacy-until', dateIn(399))).err).toContain('has passed')
    expect((await yideng('client', 'update', id, '--legacy-until', dateIn(500))).code).toBe(0)
    const modern = await json('client', 'update', id, '--legacy', '')
    expect(modern).toMatchObject({ auth_method: 'client_secret_basic' })
    for (const field of ['legacy', 'legacy_until']) expect(modern).not.toHaveProperty(field)
  })

  it('goes through a file, and its date is checked there too', async () => {
    const from = commandLine()
    await from.json(...tif)
    const file = join(from.directory, 'portals.yaml')
    writeFileSync(file, (await from.yideng('client', 'export')).out)
    expect(readFileSync(file, 'utf8')).toContain('legacy: tif')
    const to = commandLine()
    expect((await to.yideng('client', 'import', file)).code).toBe(0)
    expect(JSON.stringify(await to.json('client', 'list'))).toContain('旧门户')
    writeFileSync(file, readFileSync(file, 'utf8').replace(until[1] ?? '', dateIn(2000)))
    expect((await to.yideng('client', 'import', file)).err).toContain('must be at most 3 years ahead')
  })
})
