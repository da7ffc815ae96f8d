import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'

type Applied = {
  applied: boolean
  steps: { action: string; client_id?: string; name: string; changes: Record<string, unknown> }[]
  secrets: { client_id: string; client_secret: string }[]
}

/** Two portals and a file that declares them. */
async function declared() {
  const line = commandLine()
  await line.json(
    'client',
    'create',
    '--name',
    '深圳市政务服务网',
    '--redirect-uri',
    'https://www.sz.example/callback',
    '--region',
    '440300',
    '--organisation',
    '深圳市政务服务局',
    '--scope',
    'openid profile',
  )
  await line.json('client', 'create', '--name', '南山街道', '--redirect-uri', 'https://ns.example/cb', '--type', 'spa')
  const file = join(line.directory, 'portals.yaml')
  writeFileSync(file, (await line.yideng('client', 'export')).out)
  const edit = (from: string, to: string) => writeFileSync(file, readFileSync(file, 'utf8').replace(from, to))
  const run = (...flags: string[]) => line.json<Applied>('client', 'import', file, ...flags)
  const actions = async (...flags: string[]) => (await run(...flags)).steps.map(({ action }) => action)
  return { ...line, file, edit, run, actions }
}

it('exports what import finds to be so already; no secret is in it', async () => {
  const { file, actions, withServices, json } = await declared()
  expect(readFileSync(file, 'utf8')).not.toMatch(/secret_hash|secretHash|created_at/)
  const audited = () => withServices(({ database }) => database.selectFrom('audit_events').select('event').execute())
  const before = await audited()
  expect(await actions()).toEqual(['keep', 'keep'])
  expect(await audited()).toEqual(before)
  expect((await json<{ yaml: string }>('client', 'export')).yaml).toBe(readFileSync(file, 'utf8'))
})

it('prints the plan, applies it, and then has nothing to do', async () => {
  const { edit, run, actions, yideng, json, file } = await declared()
  edit('min_level: 2', 'min_level: 3')
  edit('    organisation: 深圳市政务服务局\n', '')
  const planned = await run('--plan')
  expect(planned).toMatchObject({
    applied: false,
    steps: [{ action: 'change', changes: { min_level: [2, 3] } }, { action: 'keep' }],
  })
  expect((await yideng('client', 'import', file, '--plan')).out).toContain('      min_level: 2 → 3')
  expect(await actions('--plan')).toEqual(['change', 'keep'])
  expect(await actions()).toEqual(['change', 'keep'])
  expect(await actions()).toEqual(['keep', 'keep'])
  const shown = await json('client', 'show', planned.steps[0]?.client_id ?? '')
  expect(shown).toMatchObject({ min_level: 3 })
  expect(shown).not.toHaveProperty('organisation')
  const [updated] = await json<{ details: object }[]>('audit', 'list', '--event', 'client.updated')
  expect(updated?.details).toMatchObject({ changed: ['organisation', 'min_level'], after: '{"min_level":3}' })
})

it('suspends, creates by name, and imports a portal of another store with its id', async () => {
  const { edit, run, file, json } = await declared()
  edit('status: active', 'status: suspended')
  writeFileSync(
    file,
    `${readFileSync(file, 'utf8')}  - name: 福田区\n    redirect_uris:\n      - https://ft.example/cb\n`,
  )
  const first = await run()
  expect(first.steps.map(({ action }) => action)).toEqual(['change', 'keep', 'create'])
  expect(first.secrets).toEqual([
    { client_id: expect.any(String), name: '福田区', client_secret: expect.stringMatching(/^[\w-]{43}$/) },
  ])
  expect((await run()).steps.map(({ action }) => action)).toEqual(['keep', 'keep', 'keep'])
  expect(await json('client', 'show', first.steps[0]?.client_id ?? '')).toMatchObject({ status: 'suspended' })

  const elsewhere = commandLine()
  const moved = await elsewhere.json<Applied>('client', 'import', file)
  expect(moved.steps.map(({ action }) => action)).toEqual(['create', 'create', 'create'])
  expect(await elsewhere.json('client', 'show', first.steps[0]?.client_id ?? '')).toMatchObject({ status: 'suspended' })
})

it.each([
  ['what is wrong in one portal', 'https://ns.example/cb', 'http://ns.example/cb', 'must begin with https://'],
  ['an unknown field', '    consent: ask', '    consnet: ask', 'is not something a portal is registered with'],
  ['one portal twice', 'portals:', 'portals:\n  - name: 南山街道\n    redirect_uris: [https://ns.example/cb]', 'twice'],
  ['what is no YAML', 'portals:', 'portals: [', 'cannot be read'],
  ['another document', 'portals:', 'clients:', 'portals'],
])('does nothing at all for %s', async (_what, from, to, message) => {
  const { edit, file, yideng, withServices } = await declared()
  edit('min_level: 2', 'min_level: 3')
  edit(from, to)
  const answer = await yideng('client', 'import', file)
  expect(answer).toMatchObject({ code: 2, out: '' })
  expect(answer.err).toContain(message)
  const levels = await withServices(async ({ clients }) => (await clients.list()).map(({ min_level }) => min_level))
  expect(levels).toEqual([2, 2])
})
