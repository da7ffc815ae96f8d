import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { nameOf, type Command } from '../../src/admin/command.ts'
import { createCommandContext } from '../../src/admin/command-context.ts'
import { allCommands } from '../../src/admin/commands.ts'
import type { Terminal } from '../../src/cli/ask-secret.ts'
import { run } from '../../src/cli/run.ts'
import { argumentsOf } from './arguments-of.ts'

/**
 * A process that runs every command on several set-ups and prints how each ended.
 * After that it must end by itself: no command may leave a connection, a timer or a lock open.
 */
export interface SetUp {
  name: string
  environment: Record<string, string>
  /** A path that does not exist, for the arguments that name a file. */
  file: string
  /** Commands at once. More than one where a store is silent: the commands wait for its time limit. */
  atOnce: number
}

export interface Ended {
  setUp: string
  command: string
  code: number
  ms: number
  out: string
  err: string
}

const commands = await allCommands()

async function runOne({ name, environment, file }: SetUp, command: Command): Promise<void> {
  const context = createCommandContext({
    environment,
    makesStore: true,
    clock: () => Date.now(),
    actor: 'administrator:test',
  })
  const answer = { out: '', err: '' }
  const terminal: Terminal = {
    input: Object.assign(Readable.from([Buffer.from('Nanshan-7-lychee\n')]), {
      isTTY: false,
      setRawMode: () => undefined,
    }) as unknown as Terminal['input'],
    prompt: { write: () => true },
  }
  const began = performance.now()
  const code = await run({
    argv: argumentsOf(command, file),
    context,
    environment,
    terminal,
    out: (written) => void (answer.out += written),
    err: (written) => void (answer.err += written),
  })
  await context.close()
  const ms = Math.round(performance.now() - began)
  const ended: Ended = { setUp: name, command: nameOf(command), code, ms, ...answer }
  process.stdout.write(`${JSON.stringify(ended)}\n`)
}

async function runAll(setUp: SetUp): Promise<void> {
  const waiting = [...commands]
  await Promise.all(
    Array.from({ length: setUp.atOnce }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await runOne(setUp, next)
    }),
  )
}

const setUps = JSON.parse(await text(process.stdin)) as SetUp[]
const [oneByOne, waiting] = [setUps.filter(({ atOnce }) => atOnce === 1), setUps.filter(({ atOnce }) => atOnce > 1)]
await Promise.all([
  ...waiting.map(runAll),
  (async () => {
    for (const setUp of oneByOne) await runAll(setUp)
  })(),
])
