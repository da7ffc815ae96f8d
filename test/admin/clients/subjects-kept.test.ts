import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openPerson } from '../../setup/person.ts'
import { commandLine } from '../../cli/in-process.ts'

type Made = { client_id: string; redirect_uris: string[] }
const create = ['client', 'create', '--name', '深圳市政务服务网', '--redirect-uri', 'https://old.example/cb']

it.each<[string, string[], number]>([
  ['another host', ['--redirect-uri', 'https://new.example/cb'], 2],
  [
    'another host with the sector of before',
    ['--redirect-uri', 'https://new.example/cb', '--sector', 'https://old.example/'],
    0,
  ],
  ['another port', ['--redirect-uri', 'https://old.example:8443/cb'], 0],
  ['another path', ['--redirect-uri', 'https://old.example/callback'], 0],
  ['another sector', ['--sector', 'https://new.example/'], 2],
  ['the sector it has', ['--sector', 'https://old.example/'], 0],
  ['public subjects', ['--subject-type', 'public'], 2],
  [
    'two hosts with a new sector',
    ['--redirect-uri', 'https://a.example/', '--redirect-uri', 'https://b.example/', '--sector', 'https://a.example/'],
    2,
  ],
  ['a host of the same domain', ['--redirect-uri', 'https://www.old.example/cb'], 2],
  [
    'two addresses of one host',
    ['--redirect-uri', 'https://old.example/a', '--redirect-uri', 'https://old.example/b'],
    0,
  ],
  ['the sector with a path', ['--sector', 'https://old.example/sector.json'], 0],
  ['the sector with a port', ['--sector', 'https://old.example:8443/'], 2],
  ['public subjects with a sector', ['--subject-type', 'public', '--sector', 'https://old.example/'], 2],
  ['another name and another host', ['--name', '深圳政务', '--redirect-uri', 'https://new.example/cb'], 2],
  ['the same subject type', ['--subject-type', 'pairwise'], 0],
  ['another name', ['--name', '深圳政务'], 0],
])('client update with %s', async (_what, flags, code) => {
  const { yideng, json } = commandLine()
  const { client_id: id } = await json<Made>(...create)
  const answer = await yideng('client', 'update', id, ...flags)
  expect(answer).toMatchObject({ code })
  if (code === 0) return
  expect(answer.err).toContain('the accounts of 0 people')
  expect(answer.err).toContain('--sector https://old.example/ keeps them')
  expect((await yideng('client', 'update', id, ...flags, '--force')).code).toBe(0)
})

it('counts the people, and refuses an import alike', async () => {
  const { directory, yideng, json, withServices } = commandLine()
  const { client_id: id } = await json<Made>(...create)
  await withServices(async (services) => {
    for (const _turn of [1, 2]) {
      const person = await openPerson(services)
      await services.consents.give(
        person.id,
        id,
        { scopes: ['openid'], claims: [], resources: {} },
        { actor: `person:${person.id}` },
      )
    }
  })
  const file = join(directory, 'portals.yaml')
  writeFileSync(
    file,
    (await yideng('client', 'export')).out.replace('https://old.example/cb', 'https://new.example/cb'),
  )
  const refused = await yideng('client', 'import', file)
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('the accounts of 2 people') })
  expect(await json('client', 'show', id)).toMatchObject({ redirect_uris: ['https://old.example/cb'] })
  expect((await yideng('client', 'import', file, '--force')).code).toBe(0)
})
