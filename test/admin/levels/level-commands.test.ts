import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'

const start = Date.UTC(2026, 10, 24)
const day = 86_400_000

it('previews a change of levels on the sign-ins of the last 30 days', async () => {
  let now = start - 40 * day
  const { directory, json, yideng, withServices } = commandLine({ clock: () => now })
  const create = async (name: string, level: string) => {
    const flags = ['--name', name, '--redirect-uri', 'http://localhost:8080/callback', '--min-level', level]
    return (await json<{ client_id: string }>('client', 'create', ...flags)).client_id
  }
  const [strict, easy] = [await create('公积金', '3'), await create('图书馆', '2')]
  type Details = Record<string, number | boolean | string[]>
  const record = (event: 'login.succeeded' | 'portal.entered', personId: string, clientId: string, details: Details) =>
    withServices(({ audit }) => audit.record({ event, actor: 'person', personId, clientId, details }))
  const enter = (personId: string, clientId: string, level: number) =>
    record('portal.entered', personId, clientId, { scopes: [], level })
  const signIn = async (clientId: string, details: Details & { level: number }, personId = 'p1') => {
    await record('login.succeeded', personId, clientId, details)
    await enter(personId, clientId, details.level)
  }
  const password = { level: 3, identity: 3, amr: ['pwd'], bound: false, held: false, proofDays: 700 }
  await signIn(strict, password) // older than 30 days
  now = start - day
  await signIn(strict, password)
  await signIn(strict, { ...password, proofDays: 10 })
  await signIn(easy, password)
  await signIn(easy, { ...password, identity: 2, level: 2, proofDays: 0 })
  await signIn(easy, { level: 3 })
  // by single sign-on, on two devices: each entry of a portal belongs to the sign-in of its level
  await signIn(easy, { ...password, proofDays: 10 }, 'p2')
  await signIn(easy, { ...password, identity: 2, level: 2, proofDays: 0 }, 'p2')
  await enter('p2', strict, 3)
  now = start

  const levels = JSON.parse(readFileSync('config/levels.json', 'utf8')) as { reached: object[] }[]
  if (levels[1]) levels[1].reached = [{ identity: 3, proofDays: 365 }]
  const file = join(directory, 'levels.json')
  writeFileSync(file, JSON.stringify(levels))
  const { portals, undecidable } = await json<{ portals: object[]; undecidable: number }>(
    'client',
    'preview-level',
    '--levels',
    file,
  )
  expect(portals).toEqual([
    { client_id: strict, name: '公积金', sign_ins: 3, rise: 0, fall: 1, kept_out: 1 },
    { client_id: easy, name: '图书馆', sign_ins: 4, rise: 0, fall: 1, kept_out: 0 },
  ])
  expect(undecidable).toBe(1)
  expect(await json('client', 'preview-level', '--client', easy, '--min-level', '3')).toMatchObject({
    portals: [{ client_id: easy, sign_ins: 4, kept_out: 2 }],
  })

  expect((await yideng('client', 'preview-level')).code).toBe(2)
  expect((await yideng('client', 'preview-level', '--min-level', '3', '--client', 'nobody')).code).toBe(3)
  writeFileSync(file, '[]')
  expect((await yideng('client', 'preview-level', '--levels', file)).err).toContain('levels 2, 3 and 4')
})
