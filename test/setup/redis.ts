import { spawn, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'

/** Runs one command on a Redis; the text of its answer. */
export function redisCli(port: number, ...command: string[]): string {
  return spawnSync('redis-cli', ['-p', String(port), ...command], { encoding: 'utf8' }).stdout.trim()
}

/** A Redis of this file's own, alone or as a Cluster of one node that has every slot; gone after its tests. */
export async function startRedis(
  options: { kind?: 'node' | 'cluster'; port?: number; flags?: string[] } = {},
): Promise<number> {
  const { kind = 'node', port = await freePort(), flags = [] } = options
  const directory = await mkdtemp(join(tmpdir(), 'yideng-redis-'))
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())]
  const common = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory]
  const child = spawn('redis-server', [...common, ...(kind === 'cluster' ? cluster : []), ...flags], {
    stdio: 'ignore',
  })
  afterFile(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  while (!/PONG|NOAUTH/.test(redisCli(port, 'PING'))) await new Promise((resolve) => setTimeout(resolve, 10))
  if (kind === 'node') return port
  redisCli(port, 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  while (!redisCli(port, 'CLUSTER', 'INFO').includes('cluster_state:ok'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  return port
}
