import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'
import { redisCli, startRedis } from './redis.ts'
import { until } from './server.ts'

export const masterName = 'yideng-master'

/** Starts a Sentinel of a master for this test file. @returns its port, and an end that lets it answer nothing more */
async function startSentinel(master: number, { quorum, downMs, password }: Watching) {
  const directory = await mkdtemp(join(tmpdir(), 'yideng-sentinel-'))
  const port = await freePort()
  const file = join(directory, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    `sentinel monitor ${masterName} 127.0.0.1 ${master} ${quorum}`,
    `sentinel down-after-milliseconds ${masterName} ${downMs}`,
    `sentinel failover-timeout ${masterName} 5000`,
    ...(password === undefined ? [] : [`requirepass ${password}`]),
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  const end = () => void child.kill('SIGKILL')
  afterFile(() => {
    end()
    rmSync(directory, { recursive: true, force: true })
  })
  await until(async () => /PONG|NOAUTH/.test(redisCli(port, 'PING')))
  return { port, end }
}

interface Watching {
  quorum: number
  /** Milliseconds without an answer after which a Sentinel takes the master for lost. */
  downMs: number
  password?: string | undefined
}

/** A master with a replica, and Sentinels that watch them. */
export async function watchedPair({
  sentinels = 3,
  downMs = 1000,
  password,
}: { sentinels?: number; downMs?: number; password?: string } = {}) {
  const flags = ['--repl-diskless-sync-delay', '0']
  const [master, replica] = [await startRedis({ flags }), await startRedis({ flags })]
  redisCli(replica, 'REPLICAOF', '127.0.0.1', String(master))
  await until(async () => redisCli(replica, 'INFO', 'replication').includes('master_link_status:up'))
  const quorum = Math.floor(sentinels / 2) + 1
  const watching = await Promise.all(
    Array.from({ length: sentinels }, () => startSentinel(master, { quorum, downMs, password })),
  )
  const ports = watching.map(({ port }) => port)
  const query = password === undefined ? '' : `?sentinel_password=${password}`
  const own = password === undefined ? [] : ['-a', password, '--no-auth-warning']
  const asked = (port: number) => redisCli(port, ...own, 'SENTINEL', 'MASTER', masterName)
  const others = new RegExp(`num-other-sentinels\\s+${sentinels - 1}\\s`)
  await until(async () => ports.every((port) => others.test(asked(port)) && /num-slaves\s+1\s/.test(asked(port))))
  return {
    master,
    replica,
    sentinels: watching,
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${masterName}${query}`,
  }
}
