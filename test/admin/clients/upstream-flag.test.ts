import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commandLine } from '../../cli/in-process.ts'
import { temporaryDirectory } from '../../setup/temporary.ts'

const upstreams = (...ids: string[]) => {
  const file = join(temporaryDirectory(), 'upstreams.json')
  writeList(file, ids)
  return file
}
const writeList = (file: string, ids: string[]) =>
  writeFileSync(
    file,
    JSON.stringify(ids.map((id) => ({ id, kind: 'oidc', name: id, issuer: 'https://id.example', clientId: 'yideng' }))),
  )

const create = ['client', 'create', '--name', '佛山市政务服务网', '--redirect-uri', 'https://www.fs.example/callback']

it('a portal has an upstream of its own, until it is taken back', async () => {
  const { json, yideng } = commandLine({ environment: { YIDENG_UPSTREAMS: upstreams('foshan') } })
  const { client_id: id, ...made } = await json<{ client_id: string }>(...create, '--upstream', 'foshan')
  expect(made).toMatchObject({ upstream: 'foshan' })
  expect((await yideng('client', 'show', id)).out).toContain('foshan')
  expect(await json('client', 'update', id, '--upstream', 'none')).not.toHaveProperty('upstream')
  expect(await json('client', 'update', id, '--upstream', 'foshan')).toMatchObject({ upstream: 'foshan' })
  expect(await json('client', 'update', id, '--upstream', '')).not.toHaveProperty('upstream')
})

it.each([
  ['atlantis', '--upstream "atlantis" is no upstream of the setting YIDENG_UPSTREAMS'],
  ['Foshan!', '--upstream "Foshan!" must be the id of an upstream, or none'],
])('refuses %s', async (given, message) => {
  const { yideng } = commandLine({ environment: { YIDENG_UPSTREAMS: upstreams('foshan') } })
  const answer = await yideng(...create, '--upstream', given)
  expect(answer).toMatchObject({ code: 2, err: expect.stringContaining(message) as string })
})

it('an upstream that was taken out of the file stops no other change', async () => {
  const file = upstreams('foshan')
  const { json } = commandLine({ environment: { YIDENG_UPSTREAMS: file } })
  const { client_id: id } = await json<{ client_id: string }>(...create, '--upstream', 'foshan')
  writeList(file, ['dongguan'])
  expect(await json('client', 'update', id, '--min-level', '3')).toMatchObject({ min_level: 3, upstream: 'foshan' })
})
