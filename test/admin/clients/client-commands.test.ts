import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { secretMatches } from '../../../src/clients/secrets.ts'
import { commandLine } from '../../cli/in-process.ts'

type Made = { client_id: string; client_secret: string }

const create = ['client', 'create', '--name', '深圳市政务服务网', '--redirect-uri', 'https://www.sz.example/callback']
const publicKey = { kty: 'EC', crv: 'P-256', x: 'a', y: 'b' }

it('registers with every field, and answers with each of them', async () => {
  const { json } = commandLine()
  const flags =
    '--redirect-uri https://m.sz.example/callback --post-logout-redirect-uri https://www.sz.example/ ' +
    '--backchannel-logout-uri https://www.sz.example/logout --type web --auth-method client_secret_post --region 440300 ' +
    '--organisation 深圳市政务服务和数据管理局 --min-level 3 --subject-type public --sector https://www.sz.example/ ' +
    '--consent implicit --uri https://www.sz.example/ --resource https://licences.example ' +
    '--resource https://other.example --id-token-alg RS256'
  const made = await json(...create, ...flags.split(' '), '--scope', 'openid profile')
  expect(Object.keys(made).slice(0, 2)).toEqual(['client_id', 'client_secret'])
  expect(made).toMatchObject({
    name: '深圳市政务服务网',
    redirect_uris: ['https://www.sz.example/callback', 'https://m.sz.example/callback'],
    post_logout_redirect_uris: ['https://www.sz.example/'],
    backchannel_logout_uri: 'https://www.sz.example/logout',
    type: 'web',
    auth_method: 'client_secret_post',
    scope: 'openid profile',
    region: '440300',
    organisation: '深圳市政务服务和数据管理局',
    min_level: 3,
    subject_type: 'public',
    sector: 'https://www.sz.example/',
    consent: 'implicit',
    uri: 'https://www.sz.example/',
    resources: ['https://licences.example', 'https://other.example'],
    id_token_alg: 'RS256',
    status: 'active',
  })
})

it('takes scopes in several flags as one list', async () => {
  const { json } = commandLine()
  const made = await json(...create, '--scope', 'openid profile', '--scope', 'openid phone')
  expect(made).toMatchObject({ scope: 'openid profile phone' })
})

it('shows the secret once, with the values for the developers', async () => {
  const { yideng, withServices } = commandLine()
  const { code, out } = await yideng(...create)
  expect(code).toBe(0)
  const [, id = ''] = /client_id +(\S+)/.exec(out) ?? []
  const [, secret = ''] = /client_secret +(\S+)/.exec(out) ?? []
  expect(out).toContain('The secret is shown only now')
  expect(out).toContain('  issuer          http://localhost:1\n')
  expect(out).toContain(`  client_id       ${id}\n`)
  const client = await withServices(({ clients }) => clients.find(id))
  expect(secretMatches(client?.secretHash ?? '', secret)).toBe(true)
  const { out: shown } = await yideng('client', 'show', id)
  expect(shown).not.toContain(secret)
  expect(shown).not.toContain(client?.secretHash)
})

it('gives a public client no secret', async () => {
  const { json } = commandLine()
  const made = await json(
    'client',
    'create',
    '--name',
    '粤省事',
    '--type',
    'native',
    '--redirect-uri',
    'cn.gov.gd.yss:/callback',
  )
  expect(made).toMatchObject({ auth_method: 'none' })
  expect(made).not.toHaveProperty('client_secret')
})

it('changes only the given fields, and removes empty ones', async () => {
  let now = Date.UTC(2026, 10, 23)
  const { yideng, json } = commandLine({ clock: () => now })
  const {
    client_id: id,
    client_secret: _secret,
    ...made
  } = await json<Made>(...create, '--region', '440300', '--uri', 'https://www.sz.example/')
  now += 1000
  const changed = await json('client', 'update', id, '--min-level', '3', '--region', '')
  const { region: _region, ...rest } = made as Record<string, unknown>
  expect(changed).toEqual({ client_id: id, ...rest, min_level: 3, updated_at: '2026-11-23T00:00:01.000Z' })
  expect(await yideng('client', 'update', id, '--name', '')).toMatchObject({ code: 2 })
  expect(await yideng('client', 'update', id, '--redirect-uri', '')).toMatchObject({ code: 2 })
  expect(await yideng('client', 'update', id, '--sector', 'sz.example')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--sector "sz.example" is not an absolute address'),
  })
  expect(await json('client', 'show', id)).toEqual(changed)
})

it('changes a portal from a secret to keys, to jwks_uri, and back', async () => {
  const { directory, json, withServices } = commandLine()
  const { client_id: id } = await json<Made>(...create)
  const file = join(directory, 'keys.json')
  writeFileSync(file, JSON.stringify({ keys: [publicKey] }))
  const hash = () => withServices(async ({ clients }) => (await clients.find(id))?.secretHash)

  const byKeys = await json('client', 'update', id, '--auth-method', 'private_key_jwt', '--jwks', file)
  expect(byKeys).toMatchObject({ jwks: { keys: [publicKey] } })
  expect(await hash()).toBeNull()
  const byAddress = await json('client', 'update', id, '--jwks-uri', 'https://www.sz.example/jwks')
  expect(byAddress).toMatchObject({ jwks_uri: 'https://www.sz.example/jwks' })
  expect(byAddress).not.toHaveProperty('jwks')
  const back = await json<Made>('client', 'update', id, '--auth-method', 'client_secret_basic')
  expect(back).not.toHaveProperty('jwks_uri')
  expect(secretMatches((await hash()) ?? '', back.client_secret)).toBe(true)
})

it('rotates a secret, suspends, resumes and deletes, and audits each with its actor', async () => {
  const { yideng, json, withServices } = commandLine()
  const made = await json<Made>(...create)
  const { client_id: id } = made
  const rotated = await json<Made>('client', 'rotate-secret', id)
  expect(rotated).toEqual({ client_id: id, client_secret: expect.stringMatching(/^[\w-]{43}$/) })
  expect(rotated.client_secret).not.toBe(made.client_secret)
  expect(await json('client', 'suspend', id)).toEqual({ client_id: id, status: 'suspended' })
  expect(await json('client', 'list')).toEqual([expect.objectContaining({ client_id: id, status: 'suspended' })])
  expect(await json('client', 'resume', id)).toEqual({ client_id: id, status: 'active' })
  expect(await json('client', 'delete', id)).toEqual({ client_id: id, deleted: true })
  expect(await json('client', 'list')).toEqual([])
  expect((await yideng('client', 'list')).out).toBe(
    'No portals yet. Register the first: npx yideng client create --help\n',
  )
  const audited = await withServices(({ database }) =>
    database.selectFrom('audit_events').select(['event', 'actor']).execute(),
  )
  expect(audited.map(({ event }) => event)).toEqual([
    'client.created',
    'client.secret-rotated',
    'client.suspended',
    'client.resumed',
    'client.deleted',
  ])
  expect(new Set(audited.map(({ actor }) => actor))).toEqual(new Set(['administrator:test']))
})

it('has no secret to rotate for a public client', async () => {
  const { yideng, json } = commandLine()
  const made = await json<Made>(
    'client',
    'create',
    '--name',
    'a',
    '--type',
    'spa',
    '--redirect-uri',
    'https://a.example/',
  )
  expect(await yideng('client', 'rotate-secret', made.client_id)).toMatchObject({
    code: 2,
    err: expect.stringContaining('this portal has no secret to rotate'),
  })
})

it.each([['show'], ['update', '--min-level', '3'], ['rotate-secret'], ['suspend'], ['resume'], ['delete']])(
  'exits with 3 when %s names an unknown portal',
  async (verb, ...flags) => {
    const answer = await commandLine().yideng('client', verb, 'nobody', ...flags)
    expect(answer).toEqual({ code: 3, out: '', err: 'There is no portal with the id "nobody".\n' })
  },
)
