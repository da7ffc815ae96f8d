import { PassThrough } from 'node:stream'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createCommandContext } from '../../src/admin/command-context.ts'
import type { Terminal } from '../../src/cli/ask-secret.ts'
import { run } from '../../src/cli/run.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

/** A person at a terminal who types these lines as answers. */
async function typing(argv: string[], ...answers: string[]) {
  return typingIn('C', argv, ...answers)
}

async function typingIn(locale: string, argv: string[], ...answers: string[]) {
  const directory = temporaryDirectory()
  const environment = { YIDENG_DATA_DIR: join(directory, 'data'), YIDENG_KEYS_DIR: join(directory, 'keys') }
  const context = createCommandContext({ environment, makesStore: true, clock: Date.now, actor: 'administrator:test' })
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined })
  let asked = ''
  const write = (text: string) => {
    asked += text
    if (!/[:\]] $/.test(text)) return true
    const answer = answers.shift()
    setImmediate(() => (answer === undefined ? input.end() : input.write(`${answer}\n`)))
    return true
  }
  let out = ''
  let err = ''
  const code = await run({
    argv,
    context,
    environment: { COLUMNS: '200', LC_ALL: locale },
    terminal: { input, prompt: { write } } as unknown as Terminal,
    out: (text) => (out += text),
    err: (text) => (err += text),
  })
  await context.close()
  return { code, asked, out, err }
}

const first = [
  '深圳市政务服务网',
  '深圳市政务服务数据管理局',
  '440300',
  'https://www.sz.example/',
  'https://www.sz.example/cb',
]

it('asks five questions in plain words, and makes the portal', async () => {
  const { code, asked, out } = await typing(['client', 'create'], '', ...first, '', '')
  expect(code).toBe(0)
  expect(asked.match(/\? ?[^?\n]*: /g)).toHaveLength(6) // the first one twice
  expect(asked).toContain('  is needed\n')
  expect(asked).not.toMatch(/OAuth|PKCE|JSON Web|redirect URI|scope/)
  expect(asked).toContain('More? [y/N] ')
  const typed = asked.replaceAll(' \\\n   ', '').replaceAll(/ +/g, ' ')
  expect(typed).toContain(
    "npx yideng client create '--name=深圳市政务服务网' '--organisation=深圳市政务服务数据管理局' --region=440300 " +
      '--uri=https://www.sz.example/ --redirect-uri=https://www.sz.example/cb',
  )
  expect(out).toMatch(/client_secret +[\w-]{43}/)
})

it.each([
  ['region', 2, '99', '440300', 'is not a known region code', /Which region/g],
  ['home page', 3, '440100', 'https://www.sz.example/', 'is not an absolute address', /home page/g],
  [
    'address of return',
    4,
    'http://www.sz.example/cb',
    'https://www.sz.example/cb',
    'must begin with https://',
    /To which address/g,
  ],
  ['name', 0, '<script>', '深圳市政务服务网', 'has control characters or angle brackets', /portal called/g],
])('says at once what is wrong with the %s', async (_what, at, wrong, right, fault, question) => {
  const answers = [...first.slice(0, at), wrong, right, ...first.slice(at + 1), '', '']
  const { code, asked } = await typing(['client', 'create'], ...answers)
  expect(code).toBe(0)
  expect(asked.split(fault)).toHaveLength(2)
  expect(asked.match(question)).toHaveLength(2)
  expect(asked).toContain('More? [y/N] ')
})

it('asks for the rest in groups, where the person wants more', async () => {
  const rest = ['website', 'web', '3', ...Array.from({ length: 20 }, () => '')]
  const { code, asked, out } = await typing(['client', 'create'], ...first, '', 'y', ...rest)
  expect(code).toBe(0)
  for (const title of ['Kind of portal, and who may use it', 'Personal data', 'Sign-out', 'For developers']) {
    expect(asked).toContain(`\n${title}\n`)
  }
  expect(asked).toContain('must be one of: web, native, spa, service')
  expect(out).toMatch(/min_level +3/)
})

it('asks in Chinese', async () => {
  const { code, asked } = await typingIn(
    'zh_CN.UTF-8',
    ['client', 'create'],
    first[0] ?? '',
    '',
    '99',
    '440300',
    '',
    ...first.slice(4),
    '',
    '否',
  )
  expect(code).toBe(0)
  for (const text of ['门户叫什么名称？', '不是已知的行政区划代码', '更多？ [y/N] ', '同样的命令，用标志写：']) {
    expect(asked).toContain(text)
  }
  expect(asked.replaceAll(/npx yideng[^]*$/g, '')).not.toMatch(/\b[a-z]{3,} [a-z]{3,} [a-z]{3,}\b/)
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
