import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterFile } from './after-file.ts'
import { freePort } from './free-port.ts'

/** Runs one command on a Redis and returns its output. */
export function redisCli(port: number, ...command: string[]): string {
  return spawnSync('redis-cli', ['-p', String(port), ...command], { encoding: 'utf8' }).stdout.trim()
}

/** Starts a Redis for this test file: single, or a Cluster of one node with all slots. It stops after the tests. */
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

/** Options for a second port with TLS. Clients need no certificate. */
export const tlsFlags = (port: number, { key, cert }: { key: string; cert: string }) =>
  `--tls-port ${port} --tls-cert-file ${cert} --tls-key-file ${key} --tls-ca-cert-file ${cert} --tls-auth-clients no`.split(
    ' ',
  )

/** The rights in docs/deploy.md, so that the tests prove them sufficient. */
export function documentedRights(): string[] {
  const guide = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8')
  return /^user yideng on >… (.*)$/m.exec(guide)?.[1]?.split(' ') ?? []
}

interface RedisCluster {
  ports: number[]
  /** TLS ports of the same nodes, if there is a certificate. */
  tlsPorts: number[]
  /** Kills one of them for good. */
  kill(port: number): void
  masters(): number[]
}

/**
 * Starts a Cluster for this test file: three masters with a replica each.
 * @param certificate the nodes then use TLS among each other and offer TLS ports to clients
 */
export async function startRedisCluster(certificate?: { key: string; cert: string }): Promise<RedisCluster> {
  const ports: number[] = []
  const tlsPorts: number[] = []
  for (let index = 0; index < 6; index += 1) {
    const flags = ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())]
    flags.push('--cluster-node-timeout', '2000', '--appendonly', 'yes')
    if (certificate) {
      const tlsPort = await freePort()
      tlsPorts.push(tlsPort)
      flags.push(...tlsFlags(tlsPort, certificate), '--tls-cluster', 'yes', '--tls-replication', 'yes')
    }
    ports.push(await startRedis({ flags }))
  }
  // redis-cli would look for the cluster ports at +10000
  const [first = 0] = ports
  const busPorts = ports.map((port) => /cluster-port\n(\d+)/.exec(redisCli(port, 'CONFIG', 'GET', 'cluster-port'))?.[1])
  for (const [index, port] of ports.entries()) {
    redisCli(first, 'CLUSTER', 'MEET', '127.0.0.1', String(tlsPorts[index] ?? port), busPorts[index] ?? '')
  }
  const slots = [0, 5461, 10_923, 16_384]
  for (const [index, port] of ports.slice(0, 3).entries()) {
    redisCli(port, 'CLUSTER', 'ADDSLOTSRANGE', String(slots[index]), String((slots[index + 1] ?? 0) - 1))
  }
  const knows = (port: number) => redisCli(port, 'CLUSTER', 'INFO')
  const wait = () => new Promise((resolve) => setTimeout(resolve, 100))
  while (!ports.every((port) => /cluster_state:ok[^]*cluster_known_nodes:6/.test(knows(port)))) await wait()
  for (const [index, port] of ports.slice(3).entries()) {
    redisCli(port, 'CLUSTER', 'REPLICATE', redisCli(ports[index] ?? 0, 'CLUSTER', 'MYID'))
  }
  while (!ports.slice(3).every((port) => redisCli(port, 'INFO', 'replication').includes('master_link_status:up')))
    await wait()
  return {
    ports,
    tlsPorts,
    kill(port) {
      const pid = /process_id:(\d+)/.exec(redisCli(port, 'INFO', 'server'))?.[1]
      if (pid) process.kill(Number(pid), 'SIGKILL')
    },
    masters: () => ports.filter((port) => redisCli(port, 'INFO', 'replication').includes('role:master')),
  }
}
