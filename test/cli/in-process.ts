import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createCommandContext } from '../../src/admin/command-context.ts'
import type { Terminal } from '../../src/cli/ask-secret.ts'
import { run } from '../../src/cli/run.ts'
import { laySigningKeys } from '../setup/signing-keys.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

/** An issuer that no server answers: fetch refuses port 1. `doctor` fails where another Yideng answers at its issuer. */
export const unansweredIssuer = { YIDENG_ISSUER: 'http://localhost:1' }

/** A person for `person create`, without the password. */
export const zhangSan = '--name 张三 --id-number 11010519491231002X --phone 13800138000 --username zhangsan'.split(' ')

export interface Answer {
  code: number
  out: string
  err: string
}

export interface Options {
  clock?: () => number
  environment?: Record<string, string>
  /** An empty directory, so that new signing keys are made. */
  empty?: boolean
  /** Of a store that several tests of a file share; without it, one of this test. */
  directory?: string
}

/** A store of this test, and a command line in this process: cheaper than a process for each command. */
export function commandLine(options: Options = {}) {
  const directory = options.directory ?? temporaryDirectory()
  const environment: Record<string, string> = {
    COLUMNS: '1000', // lines do not wrap
    PORT: '1', // no server answers there, so no other Yideng of this machine takes part
    YIDENG_DATA_DIR: join(directory, 'data'),
    YIDENG_KEYS_DIR: join(directory, 'keys'),
    ...options.environment,
  }
  const clock = options.clock ?? (() => Date.now())
  if (!options.empty) laySigningKeys(join(directory, 'keys'), clock)

  const piped = (text: string): Terminal => ({
    input: Object.assign(Readable.from([Buffer.from(text)]), {
      isTTY: false,
      setRawMode: () => undefined,
    }) as unknown as Terminal['input'],
    prompt: { write: () => true },
  })

  async function yidengWith(stdin: string, ...argv: string[]): Promise<Answer> {
    const context = createCommandContext({ environment, makesStore: true, clock, actor: 'administrator:test' })
    const answer = { out: '', err: '' }
    const out = (text: string) => void (answer.out += text)
    const err = (text: string) => void (answer.err += text)
    try {
      const code = await run({ argv, context, environment, terminal: piped(stdin), out, err })
      return { code, ...answer }
    } finally {
      await context.close()
    }
  }

  const yideng = (...argv: string[]) => yidengWith('', ...argv)

  /** Runs with --json and returns the document. @throws Error with the message of a failure */
  async function json<T = Record<string, unknown>>(...argv: string[]): Promise<T> {
    const { code, out, err } = await yideng(...argv, '--json')
    if (code !== 0) throw new Error(`exit ${code}: ${err}`)
    return JSON.parse(out) as T
  }

  /** The services, for state that the command line does not show. */
  async function withServices<T>(
    look: (services: Awaited<ReturnType<ReturnType<typeof createCommandContext>['services']>>) => Promise<T>,
  ) {
    const context = createCommandContext({ environment, makesStore: true, clock, actor: 'administrator:test' })
    try {
      return await look(await context.services())
    } finally {
      await context.close()
    }
  }

  return { directory, environment, yideng, yidengWith, json, withServices }
}
