import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from '../setup/free-port.ts'

const versions = '/usr/lib/postgresql'
const programs = join(versions, readdirSync(versions).at(-1) ?? '', 'bin')

/** Runs a program of PostgreSQL, which refuses to run as root. */
function asPostgres(directory: string, program: string, ...args: string[]): void {
  const command = [join(programs, program), ...args]
  const [first = '', ...rest] = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...command] : command
  execFileSync(first, rest, { stdio: 'ignore', cwd: directory })
}

function endPostgres(directory: string): void {
  spawnSync('sh', ['-c', `kill -9 $(head -1 ${directory}/data/postmaster.pid)`])
  rmSync(directory, { recursive: true, force: true })
}

/**
 * Starts a PostgreSQL for this test, which can stop and start it. It refuses to run as root, so it runs as postgres.
 * @param certificate turns TLS on
 */
export async function ownPostgres(certificate?: { key: string; cert: string }) {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-postgres-'))
  chmodSync(directory, 0o777)
  const data = join(directory, 'data')
  const port = await freePort()
  const as = (program: string, ...args: string[]) => asPostgres(directory, program, ...args)
  as('initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync')
  const addresses = ['listen_addresses=127.0.0.1,127.0.0.2', ...(certificate ? tlsFiles(data, certificate) : [])]
  const options = `-p ${port} -k ${directory} ${addresses.map((one) => `-c ${one}`).join(' ')}`
  const start = () => as('pg_ctl', '-D', data, '-w', '-l', join(directory, 'log'), '-o', options, 'start')
  const stop = (mode: 'fast' | 'immediate') => as('pg_ctl', '-D', data, '-w', '-m', mode, 'stop')
  start()
  onTestFinished(() => endPostgres(directory))
  return { port, url: `postgres://postgres@127.0.0.1:${port}/postgres`, start, stop }
}

/** Starts a standby of a PostgreSQL on this machine. It follows by streaming, until the test ends. */
export async function standbyOf(primary: number) {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-standby-'))
  chmodSync(directory, 0o777)
  const data = join(directory, 'data')
  const port = await freePort()
  asPostgres(directory, 'pg_basebackup', '-h', '127.0.0.1', '-p', String(primary), '-U', 'postgres', '-D', data, '-R')
  const options = `-p ${port} -k ${directory} -c listen_addresses=127.0.0.1`
  asPostgres(directory, 'pg_ctl', '-D', data, '-w', '-l', join(directory, 'log'), '-o', options, 'start')
  onTestFinished(() => endPostgres(directory))
  const promote = () => asPostgres(directory, 'pg_ctl', '-D', data, '-w', 'promote')
  return { port, url: `postgres://postgres@127.0.0.1:${port}/postgres`, promote }
}

/** PostgreSQL requires that it owns the key file and that no other user can read it. */
function tlsFiles(data: string, certificate: { key: string; cert: string }): string[] {
  const owner = statSync(data)
  const [key, cert] = (['key', 'cert'] as const).map((what) => {
    const file = join(data, `server.${what}`)
    writeFileSync(file, readFileSync(certificate[what]), { mode: 0o600 })
    chownSync(file, owner.uid, owner.gid)
    return file
  })
  return ['ssl=on', `ssl_key_file=${key}`, `ssl_cert_file=${cert}`]
}
