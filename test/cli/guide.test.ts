import { PassThrough } from 'node:stream'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createCommandContext } from '../../src/admin/command-context.ts'
import type { Terminal } from '../../src/cli/ask-secret.ts'
import { run } from '../../src/cli/run.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

/** A person at a terminal who types these lines as answers. */
async function typing(argv: string[], ...answers: string[]) {
  const directory = temporaryDirectory()
  const environment = { YIDENG_DATA_DIR: join(directory, 'data'), YIDENG_KEYS_DIR: join(directory, 'keys') }
  const context = createCommandContext({ environment, clock: Date.now, actor: 'administrator:test' })
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
  let asked = ''
  const write = (text: string) => {
    asked += text
    if (!text.endsWith(': ')) return true
    const answer = answers.shift()
    setImmediate(() => (answer === undefined ? input.end() : input.write(`${answer}\n`)))
    return true
  }
  let out = ''
  let err = ''
  const code = await run({
    argv,
    context,
    environment: {},
    terminal: { input, prompt: { write } } as unknown as Terminal,
    out: (text) => (out += text),
    err: (text) => (err += text),
  })
  await context.close()
  return { code, asked, out, err }
}

it('asks for a portal field by field, again after an invalid answer, and shows the flags', async () => {
  const fields = ['', '深圳市政务服务网', '', '440300', '', 'website', 'web', '', 'https://www.sz.example/cb', '']
  const { code, asked, out } = await typing(['client', 'create'], ...fields, ...Array.from({ length: 20 }, () => ''))
  expect(code).toBe(0)
  expect(asked).toContain('  is needed\n')
  expect(asked).toContain('must be one of: web, native, spa, service')
  expect(asked).toContain(
    "npx yideng client create '--name=深圳市政务服务网' --region=440300 --type=web --redirect-uri=https://www.sz.example/cb",
  )
  expect(out).toMatch(/client_secret +[\w-]{43}/)
})

it('asks again for the fields that the command refuses, and keeps the others', async () => {
  const fields = ['门户', '', '999999', '', '', '', '']
  const { code, asked } = await typing(
    ['client', 'create'],
    ...fields,
    ...Array.from({ length: 17 }, () => ''),
    '440300',
    'https://a.example/',
    '',
  )
  expect(code).toBe(0)
  expect(asked).toContain('  region "999999" is not a known region code')
  expect(asked.match(/the name of the portal|its region/g)).toEqual([
    'the name of the portal',
    'its region',
    'its region',
  ])
  expect(asked).toContain("'--name=门户' --region=440300 --redirect-uri=https://a.example/")
})

it('does nothing when the person cancels', async () => {
  const { code, err } = await typing(['client', 'create'], 'a')
  expect([code, err]).toEqual([1, 'Nothing was done.\n'])
})

it('asks nothing where a flag is given', async () => {
  const { code, asked, err } = await typing(['client', 'create', '--region', '440300'])
  expect([code, asked]).toEqual([2, ''])
  expect(err).toContain('--name is missing')
})
