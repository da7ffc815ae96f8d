import { userInfo } from 'node:os'
import { createCommandContext } from '../admin/command-context.ts'
import { serviceEnvironment } from '../config/environment-file.ts'
import { consoleWords } from '../text/console-words.ts'
import { visible } from '../text/visible.ts'
import { readCommonFlags } from './arguments.ts'
import { widthOfTerminal } from './fit.ts'
import { terminalText } from './layout.ts'
import { progressLine } from './progress.ts'
import { run } from './run.ts'

/** The user of this process. In a container the user id may have no name. */
function administrator(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}

const { env: environment } = process
const words = consoleWords(environment)
const screen = {
  words,
  width: widthOfTerminal(environment, process.stderr.columns),
  utc: process.argv.includes('--utc'),
}
const say = (lines: readonly string[]) => void process.stderr.write(terminalText(lines, screen))
const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

// `npx yideng client list | head` closes the pipe early, and that is fine
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  // the command may be done all the same, for example with a secret that is shown only once
  say([`The answer could not be written: ${error.message}`])
  process.exit(1)
})

const progress = progressLine({
  write: (text) => void process.stderr.write(text),
  words,
  now: () => performance.now(),
})

/** False without a question where there is no terminal, or where a program reads the output. */
async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY || process.argv.includes('--json')) return false
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^(y(es)?|是)$/i.test((await lines.question(`${visible(words.say(question))} [y/N] `)).trim())
  } finally {
    lines.close()
  }
}

const publishFailed = (error: unknown) =>
  say([
    `Done, but the change could not be published to the running servers (${reasonOf(error)}). They see it within 30 seconds.`,
  ])

const context = createCommandContext({
  environment,
  environmentFile: readCommonFlags(process.argv.slice(2)).environment || serviceEnvironment,
  clock: () => Date.now(),
  actor: `administrator:${administrator()}`,
  ...(process.stderr.isTTY ? { progress: progress.show } : {}),
  publishFailed,
  say,
  confirm,
})
try {
  process.exitCode = await run({
    argv: process.argv.slice(2),
    context,
    environment,
    terminal: { input: process.stdin, prompt: process.stderr },
    output: process.stdout,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  })
} catch (error) {
  say([reasonOf(error)])
  process.exitCode = 1
} finally {
  progress.clear()
  await context.close().catch((error: unknown) => say([`The stores could not be closed: ${reasonOf(error)}`]))
}
