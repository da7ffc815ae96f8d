import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readSettings } from '../src/config/settings.ts'
import { createLogoutDeliveries } from '../src/jobs/logout-deliveries.ts'
import { openServices } from '../src/services.ts'
import { openEvents } from '../src/storage/stores.ts'
import { quantile } from './process.ts'
import { scaleOutStores } from './scale-out.ts'

/**
 * A backlog of back-channel notices; one portal in ten never answers. Measures the notices delivered a second, and how long new
 * notices to portals that answer wait beside them. The backlog is of all portals, or of those that never answer.
 */
const { values: options } = parseArgs({
  options: {
    notices: { type: 'string', default: '100000' },
    portals: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '20' },
    warm: { type: 'string', default: '25' },
    store: { type: 'string', default: 'embedded' },
    backlog: { type: 'string', default: 'dead' },
    rate: { type: 'string', default: '200' },
  },
})
const [notices, portals, seconds] = [options.notices, options.portals, options.seconds].map(Number) as [
  number,
  number,
  number,
]
/** Milliseconds of a portal that answers, and after which one that does not is given up (guards/outbound.ts). */
const [answerMs, deadMs] = [10, 4000]
const rowsAtOnce = 500

const directory = mkdtempSync(join(tmpdir(), 'yideng-notices-'))
const stores = options.store === 'embedded' ? undefined : await scaleOutStores()
const settings = readSettings({
  YIDENG_DATA_DIR: join(directory, 'data'),
  YIDENG_KEYS_DIR: join(directory, 'keys'),
  ...stores?.settings,
})
const services = await openServices(settings, Date.now)
const { database } = services
const isDead = (clientId: string) => Number(clientId.slice(1)) % 10 === 0
const everyone = Array.from({ length: portals }, (_, index) => `p${index}`)
const waiting = options.backlog === 'all' ? everyone : everyone.filter(isDead)
const living = everyone.filter((portal) => !isDead(portal))

for (let from = 0; from < notices; from += rowsAtOnce) {
  const rows = Array.from({ length: Math.min(rowsAtOnce, notices - from) }, (_, index) => ({
    client_id: waiting[(from + index) % waiting.length] ?? '',
    person_id: `person-${from + index}`,
    session_id: 'session',
    state: 'pending' as const,
    attempts: 0,
    next_attempt_at: Date.now(),
    last_result: null,
    created_at: Date.now(),
  }))
  await database.insertInto('logout_deliveries').values(rows).execute()
}

const wait = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms))
const begun = new Map<string, number>()
const delays: number[] = []
let delivered = 0
const events = openEvents(settings, { listens: true, failed: () => undefined })
const deliveries = createLogoutDeliveries({
  ...services,
  events,
  clock: Date.now,
  log: { warn: () => undefined, error: console.error },
})
const job = deliveries.start(async ({ clientId, sessionId }) => {
  if (isDead(clientId)) {
    await wait(deadMs)
    throw new Error('no answer')
  }
  await wait(answerMs)
  delivered += 1
  const at = begun.get(sessionId)
  if (at !== undefined) delays.push(performance.now() - at)
})

/** Sends notices to the living portals for this long; those of the warm time are not measured: a process learns who answers. */
async function send(forSeconds: number, measured: boolean) {
  const started = performance.now()
  let turn = 0
  for (let due = 0; performance.now() < started + forSeconds * 1000; due += Number(options.rate) / 20) {
    for (; turn < due; turn += 1) {
      const sessionId = `${String(measured)}-${turn}`
      if (measured) begun.set(sessionId, performance.now())
      void deliveries.send([{ clientId: living[turn % living.length] ?? '', personId: 'person', sessionId }])
    }
    await wait(50)
  }
}

await send(Number(options.warm), false)
delivered = 0
const started = performance.now()
const cpu = process.cpuUsage()
await send(seconds, true)
const used = process.cpuUsage(cpu)
const rate = delivered / ((performance.now() - started) / 1000)
delays.sort((one, other) => one - other)
console.log({
  store: options.store,
  backlog: `${notices} of ${options.backlog}`,
  portals,
  'delivered a second': Math.round(rate),
  'CPU ms of each': Number(((used.user + used.system) / 1000 / delivered).toFixed(2)),
  'new notices': begun.size,
  heard: delays.length,
  'p50 ms': Math.round(quantile(delays, 0.5)),
  'p99 ms': Math.round(quantile(delays, 0.99)),
  load: loadavg()[0]?.toFixed(1),
  cores: cpus().length,
})
await job.stop()
await events.stop()
await services.close()
await stores?.stop()
rmSync(directory, { recursive: true })
process.exit(0)
