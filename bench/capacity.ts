import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { createClient } from 'redis'
import { letIn, scan, signedInPhone, WaitingComputer } from '../test/setup/qr.ts'
import {
  kinds,
  mixed,
  province,
  saturatesFirst,
  throughput,
  type Demand,
  type Kind,
  type Mix,
} from './capacity-model.ts'
import { cases } from './cases.ts'
import { delayed } from './delay.ts'
import { authorizePath, singleSignOn } from './flow.ts'
import { closedLoop, type Again, type Measured } from './load.ts'
import { megabytesOf } from './process.ts'
import { settle, signInAt, type PasskeyBrowser } from './passkey-people.ts'
import { scaleOutStores } from './scale-out.ts'
import { startOurs } from './targets.ts'

/** Measures each kind of work alone, predicts a mix of all, and compares with the mix as measured. Then whole provinces. */
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    warm: { type: 'string', default: '10' },
    lanes: { type: 'string', default: '16' },
    workers: { type: 'string', default: '2' },
    delays: { type: 'string', default: '0,2' },
  },
})
const spanMs = Number(options.seconds) * 1000
const warmMs = Number(options.warm) * 1000
const lanes = Number(options.lanes)
const people = 8
const half = people / 2
/** How often each kind is in the measured mix. */
const mix: Mix = { passkey: 2, password: 1, qr: 1, flow: 6, refresh: 6, signOut: 1 }
const farMs = 5

/** CPU milliseconds of PostgreSQL's processes for a database, and of those that write for all. */
function postgresCpu(database: string): number {
  let ticks = 0
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      if (!command.startsWith('postgres: ') || !(command.includes(database) || /writer|checkpointer/.test(command)))
        continue
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      ticks += Number(fields[11]) + Number(fields[12])
    } catch {
      // the process has ended since
    }
  }
  return ticks * 10
}

async function redisCpu(url: string): Promise<number> {
  const client = await createClient({ url }).connect()
  const info = await client.info('cpu')
  client.destroy()
  const [, system = 0] = /used_cpu_sys:([\d.]+)/.exec(info) ?? []
  const [, user = 0] = /used_cpu_user:([\d.]+)/.exec(info) ?? []
  return (Number(system) + Number(user)) * 1000
}

/** A portal that takes logout notices. */
const portal = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200).end())
})
await once(portal.listen(0, '127.0.0.1'), 'listening')
const notices = `http://127.0.0.1:${(portal.address() as AddressInfo).port}/notice`

/** A server with its stores this far away, and an operation of each kind for each lane. */
async function world(delayMs: number) {
  const stores = await scaleOutStores()
  const { YIDENG_DATABASE_URL: postgres, YIDENG_REDIS_URL: redis } = stores.settings
  const [toPostgres, toRedis] = await Promise.all([delayed(postgres, delayMs), delayed(redis, delayMs)])
  const running = await startOurs({
    sessions: 2 * lanes,
    pinned: false,
    notices,
    settings: {
      YIDENG_WORKERS: options.workers,
      YIDENG_ADDRESS_TRIES: '1000000',
      YIDENG_QR_ADDRESS_CREATIONS: '1000000',
      YIDENG_QR_ACCOUNT_SCANS: '1000000',
      // looks at QR codes have a budget of each network
      YIDENG_TRUST_PROXY: 'true',
      YIDENG_OUTBOUND_NETWORKS: '127.0.0.0/8',
      YIDENG_DATABASE_URL: toPostgres.url,
      YIDENG_REDIS_URL: toRedis.url,
    },
  })
  const { target, jars } = running
  const [refresh, password] = ['refresh', 'sign-in by password'].map((name) =>
    cases.find((one) => one.name.startsWith(name)),
  )
  const lane = async (index: number): Promise<Record<Kind, Again>> => {
    const withPasskey = `bench${index % half}`
    const known = await settle(target, withPasskey)
    const leaver = await settle(target, withPasskey)
    // a person with a passkey would have to approve by it
    const from = { 'x-forwarded-for': `10.${index}.0.1` }
    const phone = await signedInPhone(target.origin, { username: `bench${half + (index % half)}` }, from)
    const jar = jars[Math.floor(index / half) * people + half + (index % half)] ?? new Map<string, string>()
    const refreshed = await refresh?.ready(target, jar, index)
    const byPassword = await password?.ready(target, jar, index)
    return {
      passkey: () => signInAt(target, known.browser, known.enter),
      password: async () => byPassword?.(),
      qr: async () => {
        const address = new URL(authorizePath(target, 'v'.repeat(43), 'qr'), target.origin)
        const computer = await WaitingComputer.at(address, target.origin, from)
        await letIn(phone, await scan(phone, await computer.start()), computer)
        const page = await computer.redeem()
        if (!page.leads) throw new Error(`no sign-in by QR code: ${page.status}`)
      },
      flow: async () => void (await singleSignOn(target, jar)),
      refresh: async () => refreshed?.(),
      signOut: () => inAndOut(leaver),
    }
  }
  const inAndOut = async ({ browser, enter }: PasskeyBrowser) => {
    await signInAt(target, browser, enter)
    const page = await browser.get('/logout')
    const left = await browser.submit(page, '/logout/confirm', { logout: 'yes' })
    if (left.status >= 400) throw new Error(`no sign-out: ${left.status}`)
  }
  const all = []
  for (let index = 0; index < lanes; index += 1) all.push(await lane(index))
  const name = new URL(postgres).pathname.slice(1)
  const measure = async (operations: Again[]) => {
    // the compiler of Node.js first makes the code fast, which costs as much as many operations
    await closedLoop(target.pid, operations, { ms: warmMs })
    const before = { postgres: postgresCpu(name), redis: await redisCpu(redis) }
    const measured = await closedLoop(target.pid, operations, { ms: spanMs })
    const done = (measured.perSecond * spanMs) / 1000
    const store = {
      postgres: (postgresCpu(name) - before.postgres) / done,
      redis: ((await redisCpu(redis)) - before.redis) / done,
    }
    return { ...measured, ...store }
  }
  return {
    lanes: all,
    measure,
    /** Resident megabytes of all processes: those that serve, and the one that watches them. */
    megabytes: () => megabytesOf(target.pid),
    async stop() {
      await running.stop()
      toPostgres.stop()
      toRedis.stop()
      await stores.stop()
    },
  }
}

type MeasuredWhole = Measured & { postgres: number; redis: number }

/** One lane alone near and far tells the round trips; all lanes together tell the CPU. */
async function demandsOf(): Promise<Record<Kind, Demand>> {
  const each = async (delayMs: number, many: number) => {
    const { lanes: all, measure, stop } = await world(delayMs)
    const found: Partial<Record<Kind, MeasuredWhole>> = {}
    for (const kind of kinds) found[kind] = await measure(all.slice(0, many).map((one) => one[kind]))
    await stop()
    return found as Record<Kind, MeasuredWhole>
  }
  const [busy, near, far] = [await each(0, lanes), await each(0, 1), await each(farMs, 1)]
  const demand = (kind: Kind): Demand => {
    const { cpuMs, loadMs, postgres, redis } = busy[kind]
    const alone = near[kind]
    return {
      ours: cpuMs,
      load: loadMs,
      postgres,
      redis,
      roundTrips: Math.max(0, (far[kind].p50 - alone.p50) / (2 * farMs)),
      waits: Math.max(0, alone.p50 - alone.cpuMs - alone.loadMs - alone.postgres - alone.redis),
    }
  }
  return Object.fromEntries(kinds.map((kind) => [kind, demand(kind)])) as Record<Kind, Demand>
}

const rounded = (value: number, digits = 1) => Number(value.toFixed(digits))

const demands = await demandsOf()
console.log(`demands of an operation (CPU ms), ${lanes} lanes, load of the machine ${loadavg()[0]?.toFixed(1)}`)
console.table(
  Object.fromEntries(
    kinds.map((kind) => [
      kind,
      Object.fromEntries(Object.entries(demands[kind]).map(([key, one]) => [key, rounded(one)])),
    ]),
  ),
)

/** Each lane does the operations of the mix, beginning at its own place. */
const inTurn = (one: Record<Kind, Again>, start: number): Again => {
  const order = kinds.flatMap((kind) => Array.from({ length: mix[kind] }, () => kind))
  let next = start
  return () => {
    const kind = order[next % order.length] ?? 'flow'
    next += 1
    return one[kind]()
  }
}

const mean = mixed(mix, demands)
for (const delayMs of options.delays.split(',').map(Number)) {
  const predicted = throughput(mean, { lanes, cores: cpus().length, delayMs })
  const { lanes: all, measure, megabytes, stop } = await world(delayMs)
  const { perSecond } = await measure(all.map(inTurn))
  const MB = megabytes()
  await stop()
  const off = `${rounded((100 * predicted) / perSecond - 100)} %`
  console.log({ 'ms each way': delayMs, predicted: rounded(predicted), measured: rounded(perSecond), off, MB })
}

for (const persons of [1e6, 10e6, 127e6]) {
  const needed = province(persons, demands, 2)
  const given = Math.ceil(needed.ours)
  console.log({
    people: persons,
    ...Object.fromEntries(Object.entries(needed).map(([key, value]) => [key, rounded(value, 2)])),
    first: saturatesFirst(needed, needed.ours, given),
  })
}
portal.close()
process.exit(0)
