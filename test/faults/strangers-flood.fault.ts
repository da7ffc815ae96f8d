import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import type { Services } from '../../src/services.ts'
import { afterFile } from '../setup/after-file.ts'
import { residentId } from '../setup/people.ts'
import { openPerson, signIn } from '../setup/person.ts'
import { registerPortal, type TestPortal } from '../setup/portal.ts'
import { redisCli } from '../setup/redis.ts'
import { startServer, until, type RunningServer } from '../setup/server.ts'
import { Visitor } from '../setup/visitor.ts'

/** Requests of each kind from one network. YIDENG_FLOOD changes the number. */
const many = Number(process.env['YIDENG_FLOOD'] ?? 10_000)
/** Requests of kinds that cost the same as another kind. */
const fewer = Math.min(many, 1000)
const atOnce = 24
const mebibyte = 2 ** 20
const agent = new Agent({ keepAlive: true, maxSockets: atOnce })

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** A request of a stranger from the given network. */
function ask(
  server: RunningServer,
  target: string,
  { network, cookie = '', body }: { network: string; cookie?: string; body?: Record<string, string> },
): Promise<Answer> {
  const { hostname, port, host } = new URL(server.issuer)
  const method = body ? 'POST' : 'GET'
  const headers = {
    host,
    accept: 'text/html',
    'x-forwarded-for': network,
    ...(cookie ? { cookie } : {}),
    ...(body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
  }
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, agent, method, path: target, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() }),
      )
    })
    sent.on('error', reject)
    sent.end(body && new URLSearchParams(body).toString())
  })
}

const cookiesOf = ({ headers }: Answer) =>
  [headers['set-cookie'] ?? []].flat().map((line) => line.slice(0, line.indexOf(';')))

/** Runs `act` `turns` times, `atOnce` in parallel. Returns the number of answers per status. */
async function flood(turns: number, act: (turn: number) => Promise<number>): Promise<Record<number, number>> {
  const seen: Record<number, number> = {}
  let turn = 0
  const lane = async () => {
    while (turn < turns) {
      const status = await act((turn += 1))
      seen[status] = (seen[status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return seen
}

interface Measured {
  /** In all tables except those of the audit log. */
  durableRows: number
  auditRows: number
  accounts: number
  /** Without the write-ahead log, whose length depends on any load. */
  artifactBytes: number
  rssBytes: number
  /** Memory of the process after garbage collection. */
  heapBytes: number
}

const directory = mkdtempSync(join(tmpdir(), 'yideng-memory-'))
afterFile(() => rmSync(directory, { recursive: true }))
const memoryFile = join(directory, 'memory.json')

/** The output of bench/memory-probe.mjs after garbage collection. */
async function memoryOf(server: RunningServer): Promise<{ rss: number; heapUsed: number; external: number }> {
  rmSync(memoryFile, { force: true })
  process.kill(server.pid(), 'SIGUSR2')
  await until(async () => existsSync(memoryFile) && readFileSync(memoryFile, 'utf8').endsWith('}'))
  return JSON.parse(readFileSync(memoryFile, 'utf8')) as { rss: number; heapUsed: number; external: number }
}

async function measure(server: RunningServer, services: Services): Promise<Measured> {
  const count = async (table: string) => {
    const [row] = (
      await sql<{ rows: number }>`select count(*) as rows from ${sql.table(table)}`.execute(services.database)
    ).rows
    return Number(row?.rows)
  }
  const tables = await services.database.introspection.getTables()
  const counts = new Map<string, number>()
  for (const { name } of tables) counts.set(name, await count(name))
  // the parent table counts the partitions of months
  const durable = [...counts].filter(([name]) => !/^audit_|^kysely/.test(name)).map(([, rows]) => rows)
  const redis = server.environment['YIDENG_REDIS_URL']
  const artifactBytes = redis
    ? Number(/used_memory_dataset:(\d+)/.exec(redisCli(Number(new URL(redis).port), 'INFO', 'memory'))?.[1])
    : statSync(join(server.dataDir, 'artifacts.sqlite')).size
  const { rss, heapUsed, external } = await memoryOf(server)
  return {
    durableRows: durable.reduce((sum, rows) => sum + rows, 0),
    auditRows: counts.get('audit_events') ?? 0,
    accounts: counts.get('natural_persons') ?? 0,
    artifactBytes,
    rssBytes: rss,
    heapBytes: heapUsed + external,
  }
}

const wide = 'x'.repeat(1800)

/** One request of each kind that a stranger can send. */
async function acts(server: RunningServer, portal: TestPortal, secretless: TestPortal) {
  const begun = async (network: string) =>
    ask(server, (await portal.begin({ state: wide })).url.href.slice(server.issuer.length), { network })
  const visitor = new Visitor(server.issuer, { 'x-forwarded-for': '192.0.2.77' })
  const page = await visitor.get('/register')
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
  const form = visitor.cookies.map(({ name, value }) => `${name}=${value}`)
  const pushed = Object.fromEntries((await secretless.begin({ state: wide })).url.searchParams)

  const own = await begun('192.0.2.78')
  const address = String(own.headers.location)
  const held = [...cookiesOf(own), ...form].join('; ')
  return {
    pushes: async (network: string) => (await ask(server, '/par', { network, body: pushed })).status,
    async 'sign-ins begun and cancelled'(network: string) {
      const first = await begun(network)
      if (first.status !== 303) return first.status
      const cookie = [...cookiesOf(first), ...form].join('; ')
      const body = { csrf }
      return (await ask(server, `${String(first.headers.location)}/cancel`, { network, cookie, body })).status
    },
    'QR starts': async (network: string) =>
      (await ask(server, `${address}/qr/start`, { network, cookie: held, body: { csrf } })).status,
    registrations: async (network: string, turn: number) =>
      (
        await ask(server, '/register', {
          network,
          cookie: form.join('; '),
          body: {
            csrf,
            name: '陈大文',
            document_type: 'resident_id',
            document_number: residentId(
              `44030019${String(70 + (turn % 29))}0101${String(turn % 1000).padStart(3, '0')}`,
            ),
            phone: `139${String(10_000_000 + turn)}`,
            username: `flood${turn}`,
            password: 'Baiyun-Shan-2026',
            password_again: 'Baiyun-Shan-2026',
            consent: 'yes',
          },
        })
      ).status,
    'refused sign-ins of nobody': async (network: string, turn: number) =>
      (
        await ask(server, `${address}/password`, {
          network,
          cookie: held,
          body: { csrf, identifier: `nobody${turn}`, password: 'wrong' },
        })
      ).status,
    'sign-outs of nobody': async (network: string) => {
      const asked = await ask(server, '/logout', { network })
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(asked.text)?.[1]
      if (xsrf === undefined) return asked.status
      const cookie = cookiesOf(asked).join('; ')
      return (await ask(server, '/logout/confirm', { network, cookie, body: { xsrf, logout: 'yes' } })).status
    },
    'codes for a command line': async (network: string) =>
      (await ask(server, '/device_authorization', { network, body: { client_id: 'yideng-cli', scope: 'openid' } }))
        .status,
    'QR scans of nothing': async (network: string) => (await ask(server, '/q/1.x.1.x', { network })).status,
    'calls without a right': async (network: string) =>
      (await ask(server, '/token', { network, body: { client_id: portal.clientId, client_secret: 'wrong' } })).status,
  }
}

const tenThousand = new Set(['pushes', 'sign-ins begun and cancelled', 'QR starts', 'registrations'])
const minutes = 60_000

it(
  `${many} requests of each kind from one network: no row per request, bounded memory, other networks unaffected`,
  {
    timeout: 20 * minutes,
  },
  async () => {
    const probe = new URL('../../bench/memory-probe.mjs', import.meta.url).href
    const server = await startServer({
      YIDENG_TRUST_PROXY: 'true',
      NODE_OPTIONS: `--expose-gc --import=${probe}`,
      BENCH_MEMORY: memoryFile,
    })
    const services = await server.services()
    const portal = await registerPortal(services)
    const secretless = await registerPortal(services, { type: 'spa', auth_method: 'none' })
    const person = await openPerson(services)
    const other = async () => {
      const visitor = new Visitor(server.issuer, { 'x-forwarded-for': '198.51.100.1' })
      const before = performance.now()
      const page = await signIn(visitor, await visitor.get((await portal.begin()).url), person.username)
      expect(page.status).toBe(200)
      return Math.round(performance.now() - before)
    }
    const all = await acts(server, portal, secretless)
    // warm-up: modules load at first use
    for (const act of Object.values(all))
      for (let turn = 1; turn < 40; turn += 1) await act('192.0.2.1', 900_000 + turn)
    await other()

    const start = await measure(server, services)
    const table: Record<string, unknown>[] = []
    let network = 0
    for (const [name, act] of Object.entries(all)) {
      network += 1
      const before = await measure(server, services)
      const statuses = await flood(tenThousand.has(name) ? many : fewer, (turn) => act(`203.0.113.${network}`, turn))
      const signedInMs = await other()
      const after = await measure(server, services)
      table.push({
        name,
        statuses: JSON.stringify(statuses),
        'durable rows': after.durableRows - before.durableRows,
        accounts: after.accounts - before.accounts,
        'audit rows': after.auditRows - before.auditRows,
        'artifact MiB': ((after.artifactBytes - before.artifactBytes) / mebibyte).toFixed(1),
        'heap MiB': ((after.heapBytes - start.heapBytes) / mebibyte).toFixed(1),
        'RSS MiB': ((after.rssBytes - start.rssBytes) / mebibyte).toFixed(0),
        'sign-in ms': signedInMs,
      })
    }
    const end = await measure(server, services)
    console.table(table)
    console.log(server.environment['YIDENG_DATABASE_URL'] ? 'PostgreSQL + Redis' : 'SQLite', { start, end })

    for (const row of table) {
      const accounts = Number(row['accounts'])
      expect(accounts, String(row['name'])).toBeLessThanOrEqual(row['name'] === 'registrations' ? 60 : 0)
      // the sign-in of the other network makes two entries and a device; a new account makes its own
      expect(Number(row['audit rows']), String(row['name'])).toBeLessThan(30 + 3 * accounts)
      expect(Number(row['durable rows']), String(row['name'])).toBeLessThan(10 + 10 * accounts)
    }
    expect(end.artifactBytes - start.artifactBytes).toBeLessThan(16 * mebibyte)
    expect(end.heapBytes - start.heapBytes).toBeLessThan(16 * mebibyte)
  },
)
