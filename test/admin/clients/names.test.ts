import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine, unansweredIssuer } from '../../cli/in-process.ts'
import { openRemoteServices } from '../remote/remote-services.ts'
import { sealedAsGenuine } from '../../setup/sealed.ts'

let hosts = 0
const onHost = (host: string) => ['--redirect-uri', `https://${host}/callback`]
/** Each portal with its own host. */
const create = (name: string, ...more: string[]) => {
  hosts += 1
  return ['client', 'create', '--name', name, ...onHost(`host${hosts}.example`), ...more]
}
const refusal = { code: 2, out: '', err: expect.stringMatching(/--name|--organisation/) }

/** A file that declares portals. */
function declare(directory: string, ...portals: object[]): string {
  const file = join(directory, 'portals.yaml')
  writeFileSync(
    file,
    JSON.stringify({
      portals: portals.map((one, index) => ({ redirect_uris: [`https://file${index}.example/cb`], ...one })),
    }),
  )
  return file
}

const deceiving = [
  '\u{3164}\u{3164}',
  '\u{2800}\u{2800}',
  '\u{115f}\u{1160}',
  'a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}',
  '甘肃 省', // the existing name with a space in it
  '⽢肃省',
]

it('create, update and import refuse deceptive names of portals', async () => {
  const { directory, yideng, json, withServices } = commandLine()
  await json(...create('甘肃省'))
  const { client_id: other } = await json<{ client_id: string }>(...create('深圳市政务服务网'))
  for (const name of deceiving) {
    expect(await yideng(...create(name)), name).toMatchObject(refusal)
    expect(await yideng('client', 'update', other, '--name', name), name).toMatchObject(refusal)
    const imported = await yideng('client', 'import', declare(directory, { client_id: 'new-portal', name }))
    expect(imported, name).toMatchObject({ code: 2, err: expect.stringContaining(' name ') })
  }
  expect(await yideng(...create('粤', '--organisation', '\u{3164}'))).toMatchObject(refusal)
  const twins = declare(directory, { name: '南山街道' }, { name: '南山 街道' })
  expect(await yideng('client', 'import', twins)).toMatchObject({
    code: 2,
    err: expect.stringContaining('looks like it'),
  })
  const names = await withServices(async (services) => (await services.clients.list()).map(({ name }) => name))
  expect(names).toEqual(['甘肃省', '深圳市政务服务网'])
  // the own name is not a collision
  expect(await yideng('client', 'update', other, '--name', '深圳市 政务服务网')).toMatchObject({ code: 0 })
})

it('one of two simultaneous commands with one name is refused', async () => {
  const { withServices } = commandLine()
  await withServices(async ({ clients }) => {
    const input = (turn: number) => ({ name: '南山区', redirect_uris: [`https://h${turn}.example/callback`] })
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, turn) => clients.create(input(turn), 'administrator:test')),
    )
    expect(made.filter(({ ok }) => ok)).toHaveLength(1)
  })
})

it('ids from a file cannot be object property names or reserved ids; older ids stay', async () => {
  const { directory, yideng, withServices } = commandLine()
  for (const id of [...Object.getOwnPropertyNames(Object.prototype), 'yideng-account', 'Portal_1234']) {
    const file = declare(directory, { client_id: id, name: '门户' })
    expect(await yideng('client', 'import', file), id).toMatchObject({
      code: 2,
      err: expect.stringContaining('client_id'),
    })
  }
  await withServices(async (services) => {
    const { clients, database } = services
    const made = await clients.create({ name: '旧门户', redirect_uris: ['https://a.example/cb'] }, 'administrator:test')
    if (made.ok)
      await database.updateTable('clients').set({ id: 'Old_Portal_1' }).where('id', '=', made.client.id).execute()
    await sealedAsGenuine(services)
  })
  const known = declare(directory, { client_id: 'Old_Portal_1', name: '旧门户', scope: 'openid profile' })
  expect(await yideng('client', 'import', known, '--force')).toMatchObject({ code: 0 })
  expect((await yideng('client', 'show', 'Old_Portal_1')).out).toContain('openid profile')
})

it('existing collisions keep working, and doctor reports them', async () => {
  const { json, yideng, withServices } = commandLine({ environment: unansweredIssuer })
  const { client_id: id } = await json<{ client_id: string }>(...create('甘肃省'))
  const { client_id: twin } = await json<{ client_id: string }>(...create('另一个'))
  await withServices(async (services) => {
    const { database } = services
    const row = await database.selectFrom('clients').select('metadata').where('id', '=', twin).executeTakeFirstOrThrow()
    const metadata = JSON.stringify({ ...(JSON.parse(row.metadata) as object), name: '甘肃省' })
    await database.updateTable('clients').set({ metadata }).where('id', '=', twin).execute()
    await sealedAsGenuine(services)
  })
  expect(await yideng('client', 'update', twin, '--min-level', '3')).toMatchObject({ code: 0 })
  const { checks } = await json<{ checks: { what: string; state: string; finding: string }[] }>('doctor')
  const found = checks.find(({ what }) => what === 'names of portals')
  expect(found).toMatchObject({ state: 'warn', finding: expect.stringContaining(id) })
  expect(found?.finding).toContain(twin)
})

it('only the province may give official names', async () => {
  const { administrator, portal } = await openRemoteServices()
  const city = await administrator('operator', '440300')
  const province = await administrator('operator', '440000')
  const id = await portal('南山区服务', '440300')
  const input = { name: '广东省人民政府 深圳', region: '440300', 'redirect-uri': ['https://b.example/cb'] }
  const refused = {
    ok: false,
    kind: 'invalid',
    problems: [{ field: 'name', message: expect.stringContaining('广东省人民政府') }],
  }
  expect(await city.run('client create', input)).toMatchObject(refused)
  expect(await city.run('client update', { id, name: '一登帮助' })).toMatchObject({ ok: false, kind: 'invalid' })
  expect(await city.run('client update', { id, organisation: '广东省公安厅' })).toMatchObject({
    ok: false,
    kind: 'invalid',
  })
  expect(await province.run('client create', input)).toMatchObject({ ok: true })
})

it('clients of one host may share a name; clients of other hosts may not, by any path', async () => {
  const { yideng, json } = commandLine()
  const web = ['client', 'create', '--name', '福田区', ...onHost('futian.example')]
  await json(...web)
  const { client_id: second } = await json<{ client_id: string }>(...web, '--type', 'spa')
  const elsewhere = onHost('other.example')
  const beside = [
    'client',
    'create',
    '--name',
    '福田区',
    ...onHost('futian.example'),
    ...elsewhere,
    '--sector',
    'https://futian.example',
  ]
  expect(await yideng('client', 'create', '--name', '福田 区', ...elsewhere)).toMatchObject(refusal)
  expect(await yideng(...beside)).toMatchObject(refusal)
  expect(await yideng('client', 'update', second, ...elsewhere, '--force')).toMatchObject(refusal)
  expect(await yideng('client', 'create', '--name', '福田区', '--type', 'service')).toMatchObject(refusal)
})
