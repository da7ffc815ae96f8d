import { spawnSync } from 'node:child_process'
import type { RunningServer } from '../setup/server.ts'

/** Runs a command of the operator on the server's stores. Returns what it printed. */
export function yideng({ environment }: RunningServer, ...words: string[]): string {
  const bin = new URL('../../bin/yideng.mjs', import.meta.url).pathname
  const env = { PATH: process.env['PATH'], ...environment }
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`yideng ${words.join(' ')}: ${stdout}${stderr}`)
  return stdout
}
