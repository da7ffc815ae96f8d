import { userInfo } from 'node:os'
import { createDesk } from '../admin/desk.ts'
import { run } from './run.ts'

/** Who is at the keyboard; a container may run under a number that has no name. */
function administrator(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}

// `npx yideng client list | head` closes the pipe early, and that is fine
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0)
  // what was asked for may be done all the same, such as a secret that is shown once
  console.error(`The answer could not be written: ${message}`)
  process.exit(1)
})

/** One line on standard error that is written over, where somebody looks at it. */
function progress(done: number, total: number): void {
  if (!process.stderr.isTTY || total === 0) return
  const width = 30
  const full = Math.round((width * Math.min(done, total)) / total)
  const end = done >= total ? '\n' : ''
  process.stderr.write(`\r[${'#'.repeat(full)}${' '.repeat(width - full)}] ${done} of ${total}${end}`)
}

const untold = (error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error)
  console.error(`Done; but running servers could not be told at once (${reason}). They see it within 30 seconds.`)
}

const desk = createDesk({
  environment: process.env,
  clock: () => Date.now(),
  actor: `administrator:${administrator()}`,
  progress,
  untold,
  say: (lines) => void process.stderr.write(lines.map((line) => `${line}\n`).join('')),
})
process.exitCode = await run({
  argv: process.argv.slice(2),
  desk,
  environment: process.env,
  terminal: { input: process.stdin, prompt: process.stderr },
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
})
await desk.close()
