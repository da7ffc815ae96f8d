import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../test/setup/free-port.ts'

const server = 'postgres://postgres@127.0.0.1:5432'

/** A database and a Redis for this run, set up as in docs/deploy.md. */
export async function scaleOutStores() {
  const name = `yideng_bench_${randomBytes(4).toString('hex')}`
  const client = new pg.Client(`${server}/postgres`)
  await client.connect()
  await client.query(`create database ${name} template template0 lc_collate 'C' lc_ctype 'C'`)

  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'yideng-bench-redis-'))
  const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--dir', directory, '--save', '']
  const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...durable], { stdio: 'ignore' })
  process.on('exit', () => redis.kill('SIGKILL'))
  while (spawnSync('redis-cli', ['-p', String(port), 'PING'], { encoding: 'utf8' }).stdout.trim() !== 'PONG') {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return {
    settings: { YIDENG_DATABASE_URL: `${server}/${name}`, YIDENG_REDIS_URL: `redis://127.0.0.1:${port}` },
    async stop() {
      await client.query(`drop database ${name} with (force)`)
      await client.end()
      redis.kill('SIGKILL')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
