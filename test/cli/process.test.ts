import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { makeStore } from '../setup/make-store.ts'
import { commandLine, zhangSan } from './in-process.ts'

const program = fileURLToPath(new URL('../../bin/yideng.mjs', import.meta.url))

/** The real program in a separate process. */
function yideng(environment: Record<string, string>, argv: string[], stdin = '') {
  const child = spawn(process.execPath, [program, ...argv], { env: { PATH: process.env['PATH'], ...environment } })
  const answer = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (answer.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (answer.err += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...answer }))
  })
}

const create = [
  'client',
  'create',
  '--name',
  '深圳市政务服务网',
  '--redirect-uri',
  'https://www.sz.example/callback',
  '--region',
  '440300',
]

describe('npx yideng', () => {
  it('registers a portal: --json is one document, the secret is in it once and nowhere else', async () => {
    const { environment } = commandLine()
    await makeStore(environment)
    const made = await yideng(environment, [...create, '--json'])
    expect(made).toMatchObject({ code: 0, err: '' })
    const { client_id: id, client_secret: secret } = JSON.parse(made.out) as Record<string, string>
    expect(secret).toMatch(/^[\w-]{43}$/)
    const [list, show] = await Promise.all([
      yideng(environment, ['client', 'list', '--json']),
      yideng(environment, ['client', 'show', String(id), '--json']),
    ])
    expect(JSON.parse(list.out)).toEqual([
      expect.objectContaining({ client_id: id, region: '440300', status: 'active' }),
    ])
    expect(JSON.parse(show.out)).toMatchObject({ client_id: id, name: '深圳市政务服务网' })
    for (const { out } of [list, show]) expect(out).not.toMatch(/secret(?!_basic)|hash/)
  })

  it.each([
    [
      'invalid input',
      ['client', 'create', '--name', 'a', '--redirect-uri', 'http://a.example/'],
      2,
      '--redirect-uri "http://a.example/" must begin with https://',
    ],
    ['what is not there', ['client', 'show', 'nobody'], 3, 'There is no portal with the id "nobody".'],
    ['a wrong word', ['cleint', 'list'], 2, 'Did you mean client?'],
  ])('answers %s on standard error alone', async (_what, argv, code, message) => {
    const { environment } = commandLine()
    await makeStore(environment)
    const answer = await yideng(environment, argv)
    expect(answer).toMatchObject({ code, out: '' })
    expect(answer.err).toContain(message)
  })

  it('reads a password from standard input', async () => {
    const { environment } = commandLine()
    await makeStore(environment)
    const made = await yideng(
      environment,
      ['person', 'create', ...zhangSan, '--level', '3', '--password-stdin', '--json'],
      'Nanshan-7-lychee\n',
    )
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(made.out)).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), level: 3 })
  })

  it('shows its help without a store', async () => {
    const answer = await yideng({ YIDENG_DATA_DIR: '/dev/null/none' }, ['--help'])
    expect(answer).toMatchObject({ code: 0, err: '' })
  })
})
