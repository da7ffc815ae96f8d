import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { singleSignOn } from './flow.ts'
import { scaleOutStores } from './scale-out.ts'
import { startOurs } from './targets.ts'

/** Measures the bytes of an account, an audit entry and a session in PostgreSQL and Redis, for docs/deploy.md. */
const { values: options } = parseArgs({
  options: {
    accounts: { type: 'string', default: '1000000' },
    sessions: { type: 'string', default: '200' },
    flows: { type: 'string', default: '5000' },
  },
})
const accounts = Number(options.accounts)
const sessions = Number(options.sessions)

const stores = await scaleOutStores()
const { YIDENG_DATABASE_URL: url, YIDENG_REDIS_URL: redisUrl } = stores.settings
const redis = (...command: string[]) => execFileSync('redis-cli', ['-u', redisUrl, ...command], { encoding: 'utf8' })
const usedByRedis = () => Number(/used_memory:(\d+)/.exec(redis('INFO', 'memory'))?.[1])
const emptyRedis = usedByRedis()

const began = performance.now()
const { target, jars, stop } = await startOurs({
  sessions,
  accounts,
  settings: { ...stores.settings, YIDENG_ADDRESS_TRIES: '1000000' },
})
console.log(`${accounts} accounts and ${sessions} sign-ins in ${Math.round((performance.now() - began) / 1000)} s`)

const client = new pg.Client(url)
await client.connect()
/** Bytes of rows and indexes of tables, including partitions. */
async function sizes(): Promise<Map<string, { rows: number; indexes: number }>> {
  const { rows } = await client.query<{ name: string; rows: string; indexes: string }>(`
    select coalesce(parent.relname, part.relname) as name, sum(pg_table_size(part.oid)) as rows, sum(pg_indexes_size(part.oid)) as indexes
    from pg_class part left join pg_inherits on inhrelid = part.oid left join pg_class parent on parent.oid = inhparent
    where part.relkind = 'r' and part.relnamespace = 'public'::regnamespace group by 1`)
  return new Map(rows.map((row) => [row.name, { rows: Number(row.rows), indexes: Number(row.indexes) }]))
}
const many = async (table: string) =>
  Number((await client.query<{ many: string }>(`select count(*) as many from ${table}`)).rows[0]?.many)

let account = 0
for (const table of ['natural_persons', 'authenticators']) {
  const { rows = 0, indexes = 0 } = (await sizes()).get(table) ?? {}
  account += (rows + indexes) / accounts
  console.log(table, { rows: Math.round(rows / accounts), indexes: Math.round(indexes / accounts) })
}
console.log(`an account: ${Math.round(account)} bytes`)

const bySession = Math.round((usedByRedis() - emptyRedis) / sessions)
console.log(`Redis after a sign-in at one portal, its code not used: ${bySession} bytes`)

let left = Number(options.flows)
await Promise.all(
  jars.map(async (jar) => {
    for (; left > 0; left -= 1) await singleSignOn(target, jar)
  }),
)
const trail = (await sizes()).get('audit_events') ?? { rows: 0, indexes: 0 }
const entries = await many('audit_events')
console.log(`audit: ${entries} entries, each`, {
  rows: Math.round(trail.rows / entries),
  indexes: Math.round(trail.indexes / entries),
})
const { rows: byEvent } = await client.query(
  'select event, count(*)::int as entries, round(avg(pg_column_size(audit_events.*)))::int as bytes from audit_events group by 1 order by 2 desc',
)
console.table(byEvent)

/** Bytes of keys in Redis, by kind. */
const keys = redis('--scan').split('\n').filter(Boolean)
const askOfEach = (command: string, rest = '') => {
  const input = keys.map((key) => `${command} "${key}" ${rest}\n`).join('')
  return execFileSync('redis-cli', ['-u', redisUrl], { input, encoding: 'utf8' }).split('\n').map(Number)
}
const [bytesOf, secondsOf] = [askOfEach('MEMORY USAGE', 'SAMPLES 0'), askOfEach('TTL')]
const kinds = new Map<string, { keys: number; bytes: number; seconds: number }>()
for (const [index, key] of keys.entries()) {
  const kind = /^yideng:([\w-]+[:@#])/.exec(key)?.[1] ?? key
  const sum = kinds.get(kind) ?? { keys: 0, bytes: 0, seconds: 0 }
  const [bytes = 0, seconds = 0] = [bytesOf[index], secondsOf[index]]
  kinds.set(kind, { keys: sum.keys + 1, bytes: sum.bytes + bytes, seconds: Math.max(sum.seconds, seconds) })
}
console.log(`Redis: ${usedByRedis() - emptyRedis} bytes used for ${keys.length} keys`)
console.table(
  [...kinds].map(([kind, sum]) => ({
    kind,
    keys: sum.keys,
    bytesEach: Math.round(sum.bytes / sum.keys),
    secondsToLive: sum.seconds,
  })),
)

await client.end()
await stop()
await stores.stop()
