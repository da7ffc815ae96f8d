import { spawn } from 'node:child_process'

/** Milliseconds. A Java program on a busy machine needs them. */
const longestStart = 180_000

/** A program that a test runs. */
export interface Program {
  output(): string
  stop(): Promise<void>
}

/** A proxy answers before the program behind it does: a 5xx means "not yet". */
const answers = (address: string) =>
  fetch(address, { redirect: 'manual' }).then(
    ({ status }) => status < 500,
    () => false,
  )

/** Starts a program with these settings alone, and waits until it answers at `url`. */
export async function startProgram(
  command: string[],
  { url, settings = {}, directory }: { url: string; settings?: Record<string, string>; directory?: string },
): Promise<Program> {
  const [program = '', ...words] = command
  const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', ...settings }
  const child = spawn(program, words, { cwd: directory, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const end = Date.now() + longestStart
  while (!(await answers(url))) {
    if (child.exitCode !== null || Date.now() > end) {
      child.kill('SIGKILL')
      throw new Error(`"${command.join(' ')}" does not answer at ${url}:\n${output}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    output: () => output,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
