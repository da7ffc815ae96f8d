import { spawnSync } from 'node:child_process'
import pg from 'pg'
import { singleSignOn } from './flow.ts'
import { scaleOutStores } from './scale-out.ts'
import { startOurs } from './targets.ts'

/** Counts store requests of a single sign-on on Redis and PostgreSQL: commands by name, and committed transactions. */
const flows = 200
const atOnce = 8

const stores = await scaleOutStores()
const { YIDENG_REDIS_URL: redis, YIDENG_DATABASE_URL: database } = stores.settings
const { target, jars, stop } = await startOurs({
  sessions: atOnce,
  settings: { ...stores.settings, YIDENG_ADDRESS_TRIES: '1000000' },
})
const client = new pg.Client(database)
await client.connect()

function commands(): Map<string, number> {
  const { stdout } = spawnSync('redis-cli', ['-u', redis, 'INFO', 'commandstats'], { encoding: 'utf8' })
  return new Map(
    [...stdout.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name = '', calls]) => [name, Number(calls)]),
  )
}

async function transactions(): Promise<number> {
  // PostgreSQL updates the counters of a connection after a second of rest.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const { rows } = await client.query('select xact_commit from pg_stat_database where datname = current_database()')
  return Number((rows as { xact_commit: string }[])[0]?.xact_commit)
}

const run = async (many: number) => {
  let left = many
  const again = async (jar: (typeof jars)[number]) => {
    while (left-- > 0) await singleSignOn(target, jar)
  }
  await Promise.all(jars.map(again))
}

await run(flows)
const before = { commands: commands(), transactions: await transactions() }
await run(flows)
for (const [name, calls] of commands()) {
  const more = (calls - (before.commands.get(name) ?? 0)) / flows
  // Commands inside scripts count by their own names as well.
  if (more >= 0.1) console.log(`${more.toFixed(1)} ${name}`)
}
console.log(`${(((await transactions()) - before.transactions) / flows).toFixed(2)} transactions of PostgreSQL`)
await client.end()
await stop()
await stores.stop()
process.exit(0)
