import { execFile, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DemoError } from './demo-error.ts'

const bin = (name: string) => fileURLToPath(new URL(`../../bin/${name}`, import.meta.url))
const readyWithinMs = 30_000

type Environment = Record<string, string | undefined>

export interface RunningProvider {
  /** Resolves when the process has ended for any reason. */
  ended: Promise<void>
  close(): Promise<void>
}

/**
 * Starts the real server as a process and waits until it is ready; its output is in server.log.
 * @param inner its address on this machine
 */
export async function startProvider(
  inner: string,
  dataDir: string,
  environment: Environment,
): Promise<RunningProvider> {
  const logFile = join(dataDir, 'server.log')
  const log = openSync(logFile, 'w', 0o600)
  const server = spawn(process.execPath, [bin('server.mjs')], { env: environment, stdio: ['ignore', log, log] })
  closeSync(log)
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => resolve())
    server.once('error', () => resolve())
  })
  const kill = () => void server.kill('SIGTERM')
  process.once('exit', kill) // ends the server with the demo in every case
  const close = async () => {
    process.off('exit', kill)
    kill()
    await ended
  }

  const deadline = Date.now() + readyWithinMs
  while (!(await isReady(inner))) {
    const gone = server.exitCode !== null || server.signalCode !== null
    if (gone || Date.now() > deadline) {
      await close()
      throw new DemoError(`Yideng did not start:\n${readFileSync(logFile, 'utf8').trim()}`)
    }
    await pause(50)
  }
  return { ended, close }
}

async function isReady(inner: string): Promise<boolean> {
  const answer = await fetch(`${inner}/readyz`).catch(() => undefined)
  return answer?.ok === true
}

/** Runs one command of the command line with `--json` and returns its document. */
export type Yideng = (argv: readonly string[], input?: string) => Promise<unknown>

export class CommandFailed extends DemoError {}

export function createYideng(environment: Environment): Yideng {
  return (argv, input = '') =>
    new Promise((resolve, reject) => {
      const argument = [bin('yideng.mjs'), ...argv, '--json']
      const command = execFile(process.execPath, argument, { env: environment }, (error, stdout, stderr) => {
        if (error) reject(new CommandFailed(`npx yideng ${argv.join(' ')}\n${stderr.trim()}`))
        else resolve(JSON.parse(stdout))
      })
      command.stdin?.on('error', () => undefined) // the command may end before it reads its input
      command.stdin?.end(input)
    })
}
