import { spawnSync } from 'node:child_process'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { singleSignOn } from './flow.ts'
import { closedLoop } from './load.ts'
import { quantile } from './process.ts'
import { startOurs } from './targets.ts'

/**
 * Twice as many flows as the server can do: how many still end, with and without admission (YIDENG_BUSY_MS),
 * and how soon the times are as before.
 */
const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, times: { type: 'string', default: '2' } },
})
const spanMs = Number(options.seconds) * 1000
const browsers = 32
/** A person waits no longer for a page. */
const patienceMs = 5000

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

async function measure(busyMs: string) {
  const { target, jars, stop } = await startOurs({
    sessions: browsers,
    settings: { YIDENG_BUSY_MS: busyMs, YIDENG_ADDRESS_TRIES: '1000000' },
  })
  const again = jars.map((jar) => async () => void (await singleSignOn(target, jar)))
  await closedLoop(target.pid, again, { ms: 5000 })
  const most = await closedLoop(target.pid, again, { ms: 8000 })

  const ended: number[] = []
  const counts = { refused: 0, failed: 0, late: 0 }
  const arrive = async (index: number) => {
    const began = performance.now()
    try {
      // each flow has a browser of its own, which keeps the session of one that is signed in
      await singleSignOn(target, new Map(jars[index % jars.length]))
      const ms = performance.now() - began
      ended.push(ms)
      if (ms > patienceMs) counts.late += 1
    } catch (error) {
      if (String(error).includes('503')) counts.refused += 1
      else counts.failed += 1
    }
  }
  const perSecond = most.perSecond * Number(options.times)
  const underWay: Promise<void>[] = []
  const began = performance.now()
  for (let index = 0, due = began; due - began < spanMs; index += 1) {
    for (let left = due - performance.now(); left > 0; left = due - performance.now()) await wait(left)
    underWay.push(arrive(index))
    due += (-Math.log(1 - Math.random()) * 1000) / perSecond
  }
  const overAt = performance.now()
  await Promise.all(underWay)
  const inTime = ended.filter((ms) => ms <= patienceMs).length
  // again as before: ten flows in a row at twice the usual time at most
  for (let quick = 0; quick < 10;) {
    const one = performance.now()
    const well = await singleSignOn(target, jars[0] ?? new Map()).then(
      () => true,
      () => false,
    )
    quick = well && performance.now() - one < 2 * Math.max(20, most.p50) ? quick + 1 : 0
  }
  const recoveredMs = performance.now() - overAt
  await stop()
  ended.sort((one, other) => one - other)
  return {
    'bound ms': busyMs,
    'most/s': most.perSecond.toFixed(0),
    'asked/s': perSecond.toFixed(0),
    'ended in 5 s, of the most': `${((100 * inTime) / (most.perSecond * (spanMs / 1000))).toFixed(0)} %`,
    refused: counts.refused,
    failed: counts.failed,
    late: counts.late,
    'p50 ms': quantile(ended, 0.5).toFixed(0),
    'p99 ms': quantile(ended, 0.99).toFixed(0),
    'as before after s': (recoveredMs / 1000).toFixed(1),
  }
}

// the server has a core of its own
spawnSync('taskset', ['-pc', '1', String(process.pid)])
const rows = [await measure('0'), await measure('1000')]
console.log(`load of the machine ${loadavg()[0]?.toFixed(1)}`)
for (const row of rows) console.log(row)
process.exit(0)
