import { spawnSync } from 'node:child_process'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { singleSignOn } from './flow.ts'
import { closedLoop, openLoop } from './load.ts'
import { median } from './process.ts'
import { startTarget } from './targets.ts'

/** Measures the latency of single sign-on at 70 % of the server's maximum, with random arrivals. */
const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    targets: { type: 'string', default: 'bare,embedded' },
    seconds: { type: 'string', default: '10' },
    share: { type: 'string', default: '0.7' },
    /** Flags of Node.js for every target: `--flags=--max-semi-space-size=8`. */
    flags: { type: 'string', default: '' },
    /** Pins the server to one core: garbage collection then waits for its helper threads. */
    pinned: { type: 'boolean', default: false },
    /** Rounds of each target; the median counts. */
    rounds: { type: 'string', default: '5' },
  },
})
const ms = Number(options.seconds) * 1000
const sessions = 64
const rounds = Number(options.rounds)
const flags = options.flags.split(' ').filter(Boolean)

spawnSync('taskset', ['-pc', '1', String(process.pid)])
for (const name of options.targets.split(',')) {
  const { target, targetOf, jars, stop } = await startTarget(name, { sessions, flags, pinned: options.pinned })
  const all = jars.map((jar, index) => async () => void (await singleSignOn(targetOf(index), jar)))
  await closedLoop(target.pid, all.slice(0, 32), { ms: 3000 })
  const rows = []
  for (let round = 0; round < rounds; round += 1) {
    const most = await closedLoop(target.pid, all.slice(0, 32), { ms })
    const perSecond = most.perSecond * Number(options.share)
    const { p50, p99 } = await openLoop(target.pid, all, { ms, perSecond })
    rows.push({ most: most.perSecond, perSecond, p50, p99, ratio: p99 / p50 })
  }
  console.table(rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, it]) => [key, it.toFixed(1)]))))
  const [load = 0] = loadavg()
  console.log(`${name}: p99 is ${median(rows.map(({ ratio }) => ratio)).toFixed(1)} × p50; load ${load.toFixed(1)}`)
  await stop()
}
process.exit(0)
