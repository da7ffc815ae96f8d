import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from '../setup/free-port.ts'

const versions = '/usr/lib/postgresql'
const programs = join(versions, readdirSync(versions).at(-1) ?? '', 'bin')

/** A PostgreSQL of this test's own, to be stopped and started at will. It refuses to run as root, so it runs as postgres. */
export async function ownPostgres() {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-postgres-'))
  chmodSync(directory, 0o777)
  const data = join(directory, 'data')
  const port = await freePort()
  const as = (program: string, ...args: string[]) => {
    const command = [join(programs, program), ...args]
    const [first = '', ...rest] = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...command] : command
    execFileSync(first, rest, { stdio: 'ignore', cwd: directory })
  }
  as('initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync')
  const options = `-p ${port} -k ${directory} -c listen_addresses=127.0.0.1`
  const start = () => as('pg_ctl', '-D', data, '-w', '-l', join(directory, 'log'), '-o', options, 'start')
  const stop = (mode: 'fast' | 'immediate') => as('pg_ctl', '-D', data, '-w', '-m', mode, 'stop')
  start()
  onTestFinished(() => {
    spawnSync('sh', ['-c', `kill -9 $(head -1 ${data}/postmaster.pid)`])
    rmSync(directory, { recursive: true, force: true })
  })
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, start, stop }
}
