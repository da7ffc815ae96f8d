import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { signIn } from '../test/setup/person.ts'
import { signedInPhone } from '../test/setup/qr.ts'
import { authorizePath } from './flow.ts'
import { openLoop, type Measured } from './load.ts'
import { cpuOf, megabytesOf } from './process.ts'
import { startOurs } from './targets.ts'

/**
 * Moves a store to the other algorithms with `keys reseal`, while people sign in. `node bench/reseal.ts [accounts] [sign-ins a second]`
 * prints the rate, the largest resident memory of the command, and the sign-ins before and during it.
 */
const accounts = Number(process.argv[2] ?? 1_000_000)
const perSecond = Number(process.argv[3] ?? 2)
const people = 8
/** Several for each person: one browser has one sign-in at a time. */
const browsers = 32
const beforeMs = 30_000
const sliceMs = 10_000

const directory = mkdtempSync(join(tmpdir(), 'yideng-bench-reseal-'))
const stores = { YIDENG_DATA_DIR: join(directory, 'data'), YIDENG_KEYS_DIR: join(directory, 'keys') }
const megabytes = () => Math.round(statSync(join(stores.YIDENG_DATA_DIR, 'yideng.sqlite')).size / 1e6)

const seeding = performance.now()
const settings = { ...stores, YIDENG_ADDRESS_TRIES: '1000000' }
const { target, stop } = await startOurs({ sessions: people, accounts, settings, pinned: false })
console.log(`${accounts} accounts made in ${((performance.now() - seeding) / 1000).toFixed(0)} s; ${megabytes()} MB`)

let failed = 0
const signIns = await Promise.all(
  Array.from({ length: browsers }, async (_, index) => {
    const username = `bench${index % people}`
    const browser = await signedInPhone(target.origin, { username })
    const again = async () => {
      browser.cookies = browser.cookies.filter(({ name }) => !name.includes('session'))
      const page = await signIn(browser, await browser.get(authorizePath(target, 'v'.repeat(43), 'bench')), username)
      if (!page.leads?.searchParams.get('code')) failed += 1
    }
    let last: Promise<void> = Promise.resolve()
    return () => (last = last.then(again))
  }),
)

const spans = (measured: readonly Measured[]) => {
  const weigh = (value: (one: Measured) => number) =>
    measured.reduce((sum, one) => sum + value(one), 0) / measured.length
  const [p50, p99, cpuMs] = [
    weigh((one) => one.p50),
    Math.max(...measured.map((one) => one.p99)),
    weigh((one) => one.cpuMs),
  ]
  return { p50, p99, cpuMs }
}
const show = (what: string, { p50, p99, cpuMs }: ReturnType<typeof spans>) =>
  console.log(
    `sign-ins ${what}: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${cpuMs.toFixed(1)} ms of the server's CPU each; load ${loadavg()[0]?.toFixed(1)}`,
  )

const before = spans([await openLoop(target.pid, signIns, { ms: beforeMs, perSecond })])
show('before', before)

/** Largest resident memory of a process so far in MB (proc(5), VmHWM). */
const peakOf = (pid: number) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const program = new URL('../bin/yideng.mjs', import.meta.url).pathname
const began = performance.now()
const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, 'keys', 'reseal', '--json'], {
  env: { ...process.env, ...settings, YIDENG_SUITE: 'guomi' },
  stdio: ['ignore', 'pipe', 'pipe'],
})
let out = ''
child.stderr.on('data', (text: Buffer) => void (out += text.toString()))
child.stdout.on('data', (text: Buffer) => void (out += text.toString()))
const state = { over: false, mb: 0, cpu: 0 }
const ended = once(child, 'close').finally(() => (state.over = true))
const watching = setInterval(() => {
  try {
    state.mb = Math.max(state.mb, peakOf(child.pid ?? 0))
    state.cpu = cpuOf(child.pid ?? 0) / 1000
  } catch {
    // The command has ended.
  }
}, 200)
const during: Measured[] = []
while (!state.over) during.push(await openLoop(target.pid, signIns, { ms: sliceMs, perSecond }))
const [code] = (await ended) as [number]
if (code !== 0) throw new Error(`keys reseal ended with ${code}: ${out}`)
clearInterval(watching)
const seconds = (performance.now() - began) / 1000
const beside = spans(during)
show('during', beside)
console.log(out.trim())
console.log(
  `${accounts} people in ${seconds.toFixed(0)} s: ${(accounts / seconds).toFixed(0)} a second, ${state.cpu.toFixed(0)} s of CPU, ` +
    `${state.mb.toFixed(0)} MB; server ${megabytesOf(target.pid)} MB; store ${megabytes()} MB`,
)
console.log(
  `sign-ins during / before: p50 ${(beside.p50 / before.p50).toFixed(2)}, CPU ${(beside.cpuMs / before.cpuMs).toFixed(2)}; ${failed} failed`,
)
await stop()
rmSync(directory, { recursive: true, force: true })
process.exit(0)
