import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { migrationNames } from '../../setup/migrations.ts'
import { commandLine } from '../../cli/in-process.ts'

it('migrates once, and lists the migrations', async () => {
  const { json, yideng } = commandLine()
  expect(await json('migrate')).toEqual({ ran: migrationNames })
  expect(await json('migrate')).toEqual({ ran: [] })
  expect((await yideng('migrate')).out).toBe('The store was up to date.\n')
})

it('lists keys by id, and shows no part of a key', async () => {
  const { directory, yideng, json } = commandLine()
  const listed = await json<{ signing: unknown[]; data: unknown[] }>('keys', 'list')
  expect(listed).toEqual({
    signing: ['ES256', 'RS256'].map((alg) => ({
      kid: expect.stringMatching(`^${alg.toLowerCase()}-`),
      alg,
      created_at: expect.any(String),
      state: 'signs',
      sign_from: expect.any(String),
    })),
    data: [{ kid: 'd1', current: true }],
    index: [{ kid: 'i1', current: true, in_use: true }],
    cookie: [{ kid: 'c1', state: 'signs' }],
  })
  const { out } = await yideng('keys', 'list')
  const data = JSON.parse(readFileSync(join(directory, 'keys', 'data.json'), 'utf8')) as {
    keys: { d1: string }
    index: string
    lookup: { i1: string }
  }
  const cookies = JSON.parse(readFileSync(join(directory, 'keys', 'cookies.json'), 'utf8')) as { keys: string[] }
  for (const secret of [data.keys.d1, data.index, data.lookup.i1, ...cookies.keys])
    expect(out + JSON.stringify(listed)).not.toContain(secret)
  expect(out).not.toMatch(/"d"|"k"/)
})
