import { spawnSync } from 'node:child_process'
import pg from 'pg'
import { findChromium } from './chromium.ts'

/** Tests create their own databases on it and drop them. */
export const postgresServer = 'postgres://postgres@127.0.0.1:5432/postgres'

/** Before a command that only root may run. */
export const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive', '--preserve-env']

/** Whether root may mount here, and make networks: a container may forbid both. */
function makesMachines(): boolean {
  const [first, ...words] = [...asRoot, 'unshare', '--mount', '--net', 'sh', '-c']
  return spawnSync(first, [...words, 'mount -t tmpfs none /opt && ip link set lo up']).status === 0
}

/** Parts of the suite that need more than Node.js. With CI=true all must be able to run. */
export const parts = {
  browser: {
    there: findChromium() !== undefined,
    needs: 'Chromium on PATH or at YIDENG_CHROMIUM (Debian: apt-get install chromium-headless-shell)',
  },
  Redis: {
    there: spawnSync('redis-server', ['--version']).status === 0,
    needs: 'redis-server (Debian: apt-get install redis-server)',
  },
  curl: {
    there: spawnSync('curl', ['--version']).status === 0,
    needs: 'curl (Debian: apt-get install curl)',
  },
  promtool: {
    there: spawnSync('promtool', ['--version']).status === 0,
    needs: 'promtool (in the Debian package prometheus)',
  },
  Prometheus: {
    there: spawnSync('prometheus', ['--version']).status === 0,
    needs: 'prometheus, as a program on PATH (Debian: apt-get install prometheus)',
  },
  PostgreSQL: {
    there: await postgresLetsIn(),
    needs: 'PostgreSQL at 127.0.0.1:5432 that trusts the user postgres (Debian: apt-get install postgresql)',
  },
  namespace: {
    there: spawnSync('unshare', ['--map-root-user', '--net', 'ip', 'link', 'set', 'lo', 'up']).status === 0,
    needs: 'Linux with user namespaces, unshare and ip (Debian: apt-get install iproute2)',
  },
  machine: {
    there: makesMachines(),
    needs: 'Linux with root (or sudo without a password) that may mount, unshare and ip',
  },
  nginx: {
    there: spawnSync('nginx', ['-v']).status === 0,
    needs: 'nginx, as a program on PATH (Debian: apt-get install nginx)',
  },
}

async function postgresLetsIn(): Promise<boolean> {
  const client = new pg.Client(postgresServer)
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

export type Part = keyof typeof parts

/** For `describe.skipIf(cannotRun('browser'))`. Without CI the run skips a missing part and names it at the end. */
export function cannotRun(part: Part): boolean {
  if (parts[part].there) return false
  if (process.env['CI'] === 'true')
    throw new Error(`CI=true, but the ${part} tests cannot run: they need ${parts[part].needs}`)
  return true
}
