import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { cases, type Case } from './cases.ts'
import { chart } from './chart.ts'
import { authorize } from './flow.ts'
import { closedLoop, type Again, type Measured } from './load.ts'
import { megabytesOf, median } from './process.ts'
import { startTarget, type Running } from './targets.ts'

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    rounds: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '4' },
    /** Operations of a round, in place of its seconds: every target does the same work. Compare the CPU then. */
    operations: { type: 'string' },
    concurrency: { type: 'string', default: '32' },
    /** bare, embedded or scale-out; embedded-2 has two workers, embedded:1000000 a million more accounts (targets.ts). */
    targets: { type: 'string', default: 'bare,embedded' },
    /** First words of names of cases. */
    cases: { type: 'string', default: 'single' },
    /** Directory of another checkout, with its packages installed: ratios are then to its embedded target, `before`. */
    against: { type: 'string' },
    /** Of the ID tokens of every target: ES256 or RS256. */
    algorithm: { type: 'string', default: 'ES256' },
    json: { type: 'string' },
    svg: { type: 'string' },
    profile: { type: 'string' },
    /** Pins a server with one process to one core; otherwise it uses all cores, as in production. */
    pinned: { type: 'boolean', default: true },
  },
})
const rounds = Number(options.rounds)
const concurrency = Number(options.concurrency)
const algorithm = options.algorithm === 'RS256' ? 'RS256' : 'ES256'
const roundMs = Number(options.seconds) * 1000
const warmUpMs = 2000
const end = options.operations === undefined ? { ms: roundMs } : { operations: Number(options.operations) }
const warmUp = options.operations === undefined ? { ms: warmUpMs } : end

/** Checks the measured flow: ID tokens have the wanted algorithm and verify. */
async function verify({ targetOf, jars }: Running): Promise<void> {
  for (const [browser, jar] of jars.slice(0, 4).entries()) {
    const target = targetOf(browser)
    const jwks = createRemoteJWKSet(new URL(`${target.origin}/jwks`))
    const { id_token: token } = await authorize(target, jar)
    const { protectedHeader } = await jwtVerify(token, jwks, { issuer: target.origin })
    if (protectedHeader.alg !== algorithm) throw new Error(`${target.name} signs ${protectedHeader.alg}`)
  }
}

function start(name: string): Promise<Running> {
  const flags = options.profile === name ? ['--cpu-prof', '--cpu-prof-dir=bench/profile'] : []
  return startTarget(name, { sessions: concurrency, flags, algorithm, pinned: options.pinned })
}

/** The embedded target of another version, started by that version's own code. */
async function startBefore(directory: string): Promise<Running> {
  const targets = pathToFileURL(join(resolve(directory), 'bench/targets.ts')).href
  const other = (await import(targets)) as { startTarget: typeof startTarget }
  const running = await other.startTarget('embedded', {
    sessions: concurrency,
    flags: [],
    algorithm,
    pinned: options.pinned,
  })
  return { ...running, target: { ...running.target, name: 'before' } }
}

const rounded = (measured: Measured[]) => ({
  perSecond: Math.round(median(measured.map((one) => one.perSecond))),
  p50: Number(median(measured.map((one) => one.p50)).toFixed(1)),
  p99: Number(median(measured.map((one) => one.p99)).toFixed(1)),
  cpuMs: Number(median(measured.map((one) => one.cpuMs)).toFixed(2)),
  loadMs: Number(median(measured.map((one) => one.loadMs)).toFixed(2)),
})

/** Median and range of the ratios by round; higher is better. */
function ratioTo(bare: Measured[] | undefined, ours: Measured[], of: (one: Measured) => number): string {
  if (!bare || bare === ours) return ''
  const ratios = ours.flatMap((one, index) => (bare[index] ? [of(one) / of(bare[index])] : []))
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`
}

const rate = ({ perSecond }: Measured) => perSecond
/** Operations per CPU time of the server. Other load on the machine affects it less. */
const thrift = ({ cpuMs }: Measured) => 1 / cpuMs

async function runCase(one: Case, all: Running[]) {
  const fitting = all.filter(({ target }) => !one.oursOnly || !target.name.startsWith('bare'))
  const ready = new Map<Running, Again[]>()
  for (const running of fitting) {
    const { targetOf, jars } = running
    ready.set(running, await Promise.all(jars.map((jar, index) => one.ready(targetOf(index), jar, index))))
  }
  const results = new Map<Running, Measured[]>(fitting.map((running) => [running, []]))
  for (const running of fitting) await closedLoop(running.target.pid, ready.get(running) ?? [], warmUp)
  for (let round = 0; round < rounds; round += 1) {
    // Targets alternate, and each is first equally often, because the machine is noisy.
    for (const running of round % 2 ? fitting.toReversed() : fitting) {
      results.get(running)?.push(await closedLoop(running.target.pid, ready.get(running) ?? [], end))
    }
  }
  const base = options.against ? 'before' : 'bare'
  const bare = results.get(fitting.find(({ target }) => target.name === base) ?? ({} as Running))
  return fitting.map((running) => {
    const measured = results.get(running) ?? []
    return {
      case: one.name,
      target: running.target.name,
      ...rounded(measured),
      ratio: ratioTo(bare, measured, rate),
      ofCpu: ratioTo(bare, measured, thrift),
      MB: megabytesOf(running.target.pid),
    }
  })
}

async function main() {
  // The load runs on another core, so that it is not measured with the server.
  const pinned = spawnSync('taskset', ['-pc', '1', String(process.pid)]).status === 0
  const running: Running[] = options.against ? [await startBefore(options.against)] : []
  for (const name of options.targets.split(',')) running.push(await start(name))
  for (const one of running) await verify(one)
  const [cpu] = cpus()
  console.log(
    `${cpu?.model ?? 'unknown CPU'}, ${cpus().length} cores, Linux ${release()}, Node.js ${process.version}; ` +
      `${rounds} rounds of ${options.operations ?? `${options.seconds} s`}, ${concurrency} at once; ` +
      (pinned && options.pinned ? 'one core for the load, one for a server with one process' : 'servers not pinned'),
  )
  const wanted = options.cases.split(',')
  const rows = []
  for (const one of cases.filter(({ name }) => wanted.some((word) => name.startsWith(word)))) {
    rows.push(...(await runCase(one, running)))
    console.table(rows.filter((row) => row.case === one.name))
    console.log(`load of the machine: ${loadavg()[0]?.toFixed(1)}`)
  }
  if (options.json) writeFileSync(options.json, JSON.stringify(rows, null, 2))
  if (options.svg) writeFileSync(options.svg, chart(rows))
  await Promise.all(running.map((one) => one.stop()))
  process.exit(0)
}

await main()
