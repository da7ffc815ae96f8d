import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { administrator, agree, typeCode, type TestAdministrator } from '../setup/administrator.ts'
import { residentId } from '../setup/people.ts'
import { startServer } from '../setup/server.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { commandLine } from './in-process.ts'

const program = fileURLToPath(new URL('../../bin/yideng.mjs', import.meta.url))

/** The real program; the administrator types its code in a browser. */
function letIn(environment: Record<string, string>, admin: TestAdministrator, argv: string[]) {
  const child = spawn(process.execPath, [program, ...argv], { env: { PATH: process.env['PATH'], ...environment } })
  const answer = { out: '', err: '' }
  let typed: Promise<unknown> | undefined
  child.stdout.on('data', (chunk: Buffer) => (answer.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => {
    answer.err += chunk.toString()
    const code = /[A-Z]{4}-[A-Z]{4}/.exec(answer.err)?.[0]
    if (code) typed ??= typeCode(admin.visitor, code).then((page) => agree(admin, page))
  })
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => void Promise.resolve(typed).then(() => resolve({ code, ...answer }), reject))
  })
}

it('runs the same commands at a server, after one sign-in, until the role ends', async () => {
  const server = await startServer()
  const services = await server.services()
  const admin = await administrator(server, services)
  const home = temporaryDirectory()
  const far = commandLine({ environment: { XDG_CONFIG_HOME: home } })
  const near = commandLine({ environment: server.environment })
  const there = ['--server', server.issuer]
  const create = ['client', 'create', '--name', '深圳市政务服务网', '--region', '440300']
  const redirect = ['--redirect-uri', 'https://www.sz.example/callback']

  // a local command is refused before a sign-in
  const local = await far.yideng('migrate', ...there)
  expect(local).toMatchObject({ code: 1, out: '' })
  expect(local.err).toContain('"migrate" is for the server itself')

  const made = await letIn(far.environment, admin, [...create, ...redirect, '--json', ...there])
  expect(made.err).toContain(`${server.issuer}/device`)
  expect(made).toMatchObject({ code: 0 })
  const { client_id: id, client_secret: secret } = JSON.parse(made.out) as Record<string, string>
  expect(secret).toMatch(/^[\w-]{43}$/)

  const folder = join(home, 'yideng')
  const [file = ''] = readdirSync(folder)
  expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
  const saved = () => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>

  for (const argv of [
    ['client', 'list'],
    ['client', 'list', '--json'],
    ['client', 'show', String(id)],
    ['client', 'show', 'nobody'],
    ['client', 'show', 'nobody', '--json'],
    ['client', 'update', String(id), '--redirect-uri', 'http://a.example/'],
    ['client', 'update', String(id)],
    ['keys', 'list'],
  ]) {
    expect(await far.yideng(...argv, ...there), argv.join(' ')).toEqual(await near.yideng(...argv))
  }

  const before = saved()
  writeFileSync(join(folder, file), JSON.stringify({ ...before, expiresAt: Date.now() }))
  expect(await far.yideng('client', 'list', ...there)).toMatchObject({ code: 0 })
  expect(saved()['accessToken']).not.toBe(before['accessToken'])
  expect(saved()['refreshToken']).not.toBe(before['refreshToken'])

  const person = ['person', 'create', '--name', '张三', '--id-number', residentId('44030019900101129')]
  const rest = ['--phone', '13800138999', '--username', 'zhangsan', '--password-stdin', '--level', '3']
  const open = () => far.yidengWith('Nanshan-7-lychee\n', ...person, ...rest, ...there)
  const asked = await open()
  expect(asked).toMatchObject({ code: 1, err: expect.stringContaining('second administrator') })
  const opening = /Request (\w+)\./.exec(asked.out)?.[1] ?? ''
  expect((await near.yideng('approval', 'list')).out).not.toContain('lychee')
  expect(await near.yideng('approval', 'approve', opening)).toMatchObject({ code: 0 })
  expect(await open()).toMatchObject({ code: 0, err: '' })
  expect(server.output()).not.toContain('lychee')

  const waits = await far.yideng('client', 'delete', String(id), ...there)
  expect(waits).toMatchObject({ code: 1, err: expect.stringContaining('second administrator') })
  const request = /Request (\w+)\./.exec(waits.out)?.[1] ?? ''
  // an administrator on the server itself may decide too
  expect(await near.yideng('approval', 'approve', request)).toMatchObject({ code: 0 })
  expect(await near.yideng('client', 'show', String(id))).toMatchObject({ code: 3 })

  await services.administrators.revoke(admin.id, 'administrator:test')
  const over = await far.yideng('client', 'list', ...there)
  expect(over).toMatchObject({ code: 1, out: '', err: 'You are no administrator (any more).\n' })

  expect(await far.yideng('logout', ...there)).toMatchObject({ code: 0 })
  expect(readdirSync(folder)).toEqual([])
})

it.each([
  ['http://login.example.gov.cn', 'must begin with https://'],
  ['https://login.example.gov.cn/admin', 'must be an origin'],
  ['https://a:b@login.example.gov.cn', 'must be an origin'],
  ['login.example.gov.cn', 'must be an address'],
  ['', 'must be an address'],
])('refuses the server %j', async (server, message) => {
  const answer = await commandLine().yideng('client', 'list', '--server', server)
  expect(answer).toMatchObject({ code: 2, out: '' })
  expect(answer.err).toContain(message)
})

it('needs a server to sign in, and reports a missing one', async () => {
  const { yideng } = commandLine()
  expect(await yideng('login')).toMatchObject({ code: 2, err: expect.stringContaining('--server is missing') })
  const nobody = await yideng('client', 'list', '--server', 'http://localhost:9')
  expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('cannot be reached') })
})
