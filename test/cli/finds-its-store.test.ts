import { spawn } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { nameOf } from '../../src/admin/command.ts'
import { createCommandContext } from '../../src/admin/command-context.ts'
import { allCommands } from '../../src/admin/commands.ts'
import { run } from '../../src/cli/run.ts'
import { cannotRun } from '../setup/parts.ts'
import { makePostgres } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { argumentsOf } from './arguments-of.ts'
import { commandLine, unansweredIssuer } from './in-process.ts'

const program = fileURLToPath(new URL('../../bin/yideng.mjs', import.meta.url))
const commands = await allCommands()

const todo = 'Start the server once, or name the settings of the service: --environment FILE.'

/** Settings of a place where no server has ever started. */
function nowhere() {
  const directory = temporaryDirectory()
  const [data, keys, file] = ['data', 'keys', 'file'].map((name) => join(directory, name)) as [string, string, string]
  const places = { YIDENG_DATA_DIR: data, YIDENG_KEYS_DIR: keys }
  return { directory, file, environment: { COLUMNS: '1000', PORT: '1', ...unansweredIssuer, ...places } }
}

/** A command as the program runs it: it makes no store. */
async function yideng(environment: Record<string, string>, argv: readonly string[], environmentFile?: string) {
  const file = environmentFile === undefined ? {} : { environmentFile }
  const context = createCommandContext({ environment, ...file, clock: Date.now, actor: 'administrator:test' })
  const answer = { out: '', err: '' }
  const out = (text: string) => void (answer.out += text)
  const err = (text: string) => void (answer.err += text)
  const input = Object.assign(process.stdin, { isTTY: false })
  try {
    const code = await run({ argv, context, environment, terminal: { input, prompt: process.stderr }, out, err })
    return { code, ...answer }
  } finally {
    await context.close()
  }
}

/** The real program, with these settings alone in its environment. */
function inProcess(environment: Record<string, string>, ...argv: string[]) {
  const child = spawn(process.execPath, [program, ...argv], {
    env: { PATH: process.env['PATH'], COLUMNS: '1000', ...environment },
  })
  const answer = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (answer.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (answer.err += chunk.toString()))
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...answer }))
  })
}

describe('where no server has started', () => {
  // a secret would be read from a terminal; `restore` fills an empty store, and does so from a whole backup alone
  const able = commands.filter(({ fields }) => !Object.values(fields).some(({ type }) => type === 'secret'))
  it.each(able.map((command) => [nameOf(command), command] as const))('%s makes nothing', async (_, command) => {
    const { directory, environment, file } = nowhere()
    await yideng(environment, argumentsOf(command, file))
    expect(readdirSync(directory)).toEqual([])
  })

  it('a command reports it, and how to find the store', async () => {
    const { environment } = nowhere()
    const { code, out, err } = await yideng(environment, ['client', 'list', '--json'])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(`${environment.YIDENG_DATA_DIR}/yideng.sqlite does not exist. ${todo}`)
  })

  it('doctor fails', async () => {
    const { environment } = nowhere()
    const { code, out } = await yideng(environment, ['doctor', '--json'])
    expect(code).toBe(1)
    const { checks } = JSON.parse(out) as { checks: { what: string; state: string }[] }
    expect(checks.filter(({ state }) => state === 'fail').map(({ what }) => what)).toEqual(['store'])
  })

  it.skipIf(cannotRun('PostgreSQL'))('an empty database is no store either', async () => {
    const { environment, directory } = nowhere()
    const empty = { ...environment, YIDENG_DATABASE_URL: await makePostgres() }
    expect(await yideng(empty, ['client', 'list'])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`The database of YIDENG_DATABASE_URL is empty. ${todo}`) as string,
    })
    expect(await yideng(empty, ['doctor'])).toMatchObject({ code: 1 })
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('--environment FILE', () => {
  /** A store with one portal, and its settings in a file as the service has them. */
  async function service() {
    const { environment, directory, json } = commandLine()
    const redirects = ['--redirect-uri', 'https://www.sz.example/callback', '--region', '440300']
    await json('client', 'create', '--name', '深圳市政务服务网', ...redirects)
    const file = join(directory, 'environment')
    const lines = Object.entries(environment).map(([name, value]) => `${name}="${value}"\n`)
    writeFileSync(file, `# settings of the service\n${lines.join('')}`)
    return { file, directory }
  }

  it('a command works on the store of the service', async () => {
    const { file } = await service()
    for (const flag of [[`--environment=${file}`], ['--environment', file]]) {
      const { code, out, err } = await inProcess({}, 'client', 'list', '--json', ...flag)
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(out).toContain('深圳市政务服务网')
    }
  })

  it('a setting of the environment comes first', async () => {
    const { file } = await service()
    const { environment } = nowhere()
    expect(await yideng({}, ['client', 'list'], file)).toMatchObject({ code: 0 })
    expect(await yideng(environment, ['client', 'list'], file)).toMatchObject({ code: 1 })
  })

  it('its own authority is trusted as the service trusts it', async () => {
    const { file } = await service()
    writeFileSync(file, 'NODE_EXTRA_CA_CERTS=/nowhere.pem\n', { flag: 'a' })
    const { code, err } = await yideng({}, ['client', 'list'], file)
    expect(code).toBe(1)
    expect(err).toContain('/nowhere.pem')
  })

  it('a file that is not there, or not named, stops the command before anything', async () => {
    const { environment, directory, file } = nowhere()
    expect(await inProcess(environment, 'client', 'list', '--environment', file)).toMatchObject({
      code: 1,
      err: `The file of settings ${file} does not exist.\n`,
    })
    expect(await inProcess(environment, 'client', 'list', '--environment')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--environment is missing: which file?') as string,
    })
    expect(existsSync(join(directory, 'data'))).toBe(false)
  })
})
