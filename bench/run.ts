import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { singleSignOn } from './flow.ts'
import { cpuOf, median, megabytesOf, quantile } from './measuring.ts'
import { startBare, startOurs, type Running } from './targets.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '4' },
    concurrency: { type: 'string', default: '32' },
    only: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
})
const rounds = Number(options.rounds)
const concurrency = Number(options.concurrency)
const roundMs = Number(options.seconds) * 1000
const warmUpMs = 3000
const verifiedOneIn = 100

interface Measured {
  flowsPerSecond: number
  p50: number
  p99: number
  cpuMs: number
}

/** A closed loop: each signed-in browser begins its next flow when the last has ended. */
async function measure({ target, jars }: Running, ms: number): Promise<Measured> {
  const jwks = createRemoteJWKSet(new URL(`${target.origin}/jwks`))
  const times: number[] = []
  const cpuBefore = cpuOf(target.pid)
  const began = performance.now()
  await Promise.all(
    jars.map(async (jar) => {
      while (performance.now() - began < ms) {
        const flowBegan = performance.now()
        const tokens = await singleSignOn(target, jar)
        times.push(performance.now() - flowBegan)
        if (times.length % verifiedOneIn !== 0) continue
        const { protectedHeader } = await jwtVerify(tokens.id_token, jwks, { issuer: target.origin })
        if (protectedHeader.alg !== 'ES256') throw new Error(`${target.name} signs ${protectedHeader.alg}`)
      }
    }),
  )
  const elapsed = performance.now() - began
  times.sort((one, other) => one - other)
  return {
    flowsPerSecond: (times.length / elapsed) * 1000,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    cpuMs: (cpuOf(target.pid) - cpuBefore) / times.length,
  }
}

const show = (measured: Measured[]) => ({
  'flows/s': median(measured.map((one) => one.flowsPerSecond)).toFixed(0),
  'p50 ms': median(measured.map((one) => one.p50)).toFixed(1),
  'p99 ms': median(measured.map((one) => one.p99)).toFixed(1),
  'CPU ms/flow': median(measured.map((one) => one.cpuMs)).toFixed(2),
})

async function main() {
  // the load has a core of its own, so that it is not measured with the server
  const pinned = spawnSync('taskset', ['-pc', '1', String(process.pid)]).status === 0
  const profile = (name: string) => (options.profile === name ? ['--cpu-prof', '--cpu-prof-dir=bench/profile'] : [])
  const bare = options.only === 'ours' ? undefined : await startBare(concurrency, profile('bare'))
  const ours = options.only === 'bare' ? undefined : await startOurs(concurrency, profile('ours'))
  const running = [bare, ours].filter((one) => one !== undefined)

  const results = new Map<Running, Measured[]>(running.map((one) => [one, []]))
  for (const one of running) await measure(one, warmUpMs)
  for (let round = 0; round < rounds; round += 1) {
    // alternating, and each goes first as often as the other: these machines are noisy
    for (const one of round % 2 ? running.toReversed() : running) results.get(one)?.push(await measure(one, roundMs))
  }

  const [cpu] = cpus()
  const machine = `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, Linux ${release()}, Node.js ${process.version}`
  console.log(
    `${machine}; ${rounds} rounds of ${options.seconds} s, ${concurrency} at once; ${pinned ? 'one core each for load and server' : 'not pinned'}`,
  )
  console.table(
    Object.fromEntries(
      running.map((one) => [
        one.target.name,
        { ...show(results.get(one) ?? []), 'RSS MB': megabytesOf(one.target.pid) },
      ]),
    ),
  )
  if (bare && ours) {
    const other = results.get(bare) ?? []
    const ratios = (results.get(ours) ?? []).map(
      (one, index) => one.flowsPerSecond / (other[index]?.flowsPerSecond ?? 0),
    )
    const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`
    console.log(`yideng / bare: ${median(ratios).toFixed(2)} (median of rounds; ${range})`)
  }
  if (options.json)
    writeFileSync(
      options.json,
      JSON.stringify(
        running.map((one) => [one.target.name, results.get(one)]),
        null,
        2,
      ),
    )
  await Promise.all(running.map((one) => one.stop()))
  process.exit(0)
}

await main()
