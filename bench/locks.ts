import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createClient } from 'redis'
import { delayed } from './delay.ts'
import { closedLoop } from './load.ts'
import { sampleLocks, type LockShares } from './lock-samples.ts'
import { settle, signInAt } from './passkey-people.ts'
import { scaleOutStores } from './scale-out.ts'
import { startOurs } from './targets.ts'

/** Sign-ins by passkey with PostgreSQL and Redis at several distances. Prints the share of time that a lock is held, by name. */
const { values: options } = parseArgs({
  options: {
    delays: { type: 'string', default: '0,1,2,5' },
    seconds: { type: 'string', default: '15' },
    lanes: { type: 'string', default: '32' },
    workers: { type: 'string', default: '2' },
  },
})
const people = 8
const lanes = Number(options.lanes)

/** Microseconds in which Redis ran commands; it runs one at a time. */
async function redisBusy(url: string): Promise<number> {
  const redis = await createClient({ url }).connect()
  const all = await redis.info('commandstats')
  redis.destroy()
  return [...all.matchAll(/cmdstat_(?!info)\S+?:calls=\d+,usec=(\d+)/g)].reduce(
    (sum, [, usec]) => sum + Number(usec),
    0,
  )
}

const percent = (part: number, of: number) => `${((100 * part) / of).toFixed(1)} %`

const shown = (found: Map<string, number>, { samples }: LockShares) =>
  [...found]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, times]) => `${name} ${percent(times, samples)}`)
    .join(', ') || 'none'

async function measure(ms: number) {
  const stores = await scaleOutStores()
  const { YIDENG_DATABASE_URL: postgres, YIDENG_REDIS_URL: redisUrl } = stores.settings
  const [toPostgres, toRedis] = await Promise.all([delayed(postgres, ms), delayed(redisUrl, ms)])
  const { target, stop } = await startOurs({
    sessions: people,
    pinned: false,
    settings: {
      YIDENG_WORKERS: options.workers,
      YIDENG_ADDRESS_TRIES: '1000000',
      YIDENG_DATABASE_URL: toPostgres.url,
      YIDENG_REDIS_URL: toRedis.url,
    },
  })
  const browsers = []
  for (let lane = 0; lane < lanes; lane += 1) browsers.push(await settle(target, `bench${lane % people}`))
  const [sampling, busy] = [await sampleLocks(postgres), await redisBusy(redisUrl)]
  const spanMs = Number(options.seconds) * 1000
  const again = browsers.map(
    ({ browser, enter }) =>
      () =>
        signInAt(target, browser, enter),
  )
  const measured = await closedLoop(target.pid, again, { ms: spanMs })
  const locks = await sampling.stop()
  const row = {
    'ms each way': ms,
    'sign-ins/s': measured.perSecond.toFixed(1),
    'p50 ms': measured.p50.toFixed(0),
    'CPU ms each': measured.cpuMs.toFixed(1),
    'load CPU ms': measured.loadMs.toFixed(1),
    samples: locks.samples,
    held: shown(locks.held, locks),
    waited: shown(locks.waited, locks),
    'Redis busy': percent(((await redisBusy(redisUrl)) - busy) / 1000, spanMs),
  }
  await stop()
  toPostgres.stop()
  toRedis.stop()
  await stores.stop()
  return row
}

const rows = []
for (const ms of options.delays.split(',').map(Number)) rows.push(await measure(ms))
console.log(
  `${options.workers} workers, ${lanes} lanes, ${options.seconds} s each, load of the machine ${loadavg()
    .map((one) => one.toFixed(1))
    .join(' ')}`,
)
for (const row of rows) console.log(row)
process.exit(0)
