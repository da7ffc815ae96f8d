import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeImportFile } from '../test/accounts/imports/import-file.ts'
import { makeStore } from '../test/setup/make-store.ts'

/**
 * Imports made-up accounts with the command line: a dry run, and an import that is killed in the middle and goes on.
 * `node bench/import.ts [rows] [quick]` prints the time and the largest resident memory of each run; `quick` leaves the dry run out.
 */
const rows = Number(process.argv[2] ?? 1_000_000)
const quick = process.argv[3] === 'quick'
const directory = mkdtempSync(join(tmpdir(), 'yideng-bench-import-'))
const file = join(directory, 'accounts.jsonl')
const program = new URL('../bin/yideng.mjs', import.meta.url).pathname
const environment = {
  ...process.env,
  YIDENG_DATA_DIR: join(directory, 'data'),
  YIDENG_KEYS_DIR: join(directory, 'keys'),
  ...(process.env['BENCH_DATABASE_URL'] ? { YIDENG_DATABASE_URL: process.env['BENCH_DATABASE_URL'] } : {}),
}

/** The processes of a command: the launcher and its children. */
function processesOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
    return [pid, ...children.flatMap((child) => processesOf(Number(child)))]
  } catch {
    return []
  }
}

/** Largest resident memory so far in MB (proc(5), VmHWM), and seconds of the processor (hundredths in /proc/<pid>/stat). */
function costOf(pid: number): { mb: number; cpu: number } {
  try {
    const mb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    return { mb, cpu: (Number(fields[11]) + Number(fields[12])) / 100 }
  } catch {
    return { mb: 0, cpu: 0 }
  }
}

const imports = join(directory, 'data', 'imports')
const openedBytes = () =>
  existsSync(imports)
    ? readdirSync(imports).reduce((sum, batch) => sum + statSync(join(imports, batch, 'new.jsonl')).size, 0)
    : 0

interface Cost {
  seconds: number
  cpu: number
  mb: number
  out: string
}

/** @param killAt bytes of the file of new accounts at which the process gets SIGKILL */
async function run(flags: string[], killAt = Infinity): Promise<Cost> {
  const began = performance.now()
  const argv = [program, 'person', 'import', file, '--upstream', 'bench', ...flags, '--json']
  const child = spawn(process.execPath, argv, {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const cost = { seconds: 0, cpu: 0, mb: 0, out: '' }
  child.stdout.on('data', (text: Buffer) => void (cost.out += text.toString()))
  const state = { over: false }
  const ended = once(child, 'close').then(() => (state.over = true))
  while (!state.over) {
    const all = processesOf(child.pid ?? 0).map(costOf)
    cost.mb = Math.max(cost.mb, ...all.map(({ mb }) => mb))
    cost.cpu = Math.max(
      cost.cpu,
      all.reduce((sum, { cpu }) => sum + cpu, 0),
    )
    if (openedBytes() > killAt) process.kill(-(child.pid ?? 0), 'SIGKILL')
    await Promise.race([ended, sleep(100)])
  }
  return { ...cost, seconds: (performance.now() - began) / 1000 }
}

const wanted = await writeImportFile(file, rows)
console.log(`${rows} rows, ${(statSync(file).size / 1e6).toFixed(0)} MB; wanted: ${JSON.stringify(wanted)}`)
const same = (out: string) =>
  Object.entries(wanted).every(([name, count]) => (JSON.parse(out) as Record<string, unknown>)[name] === count)
const show = (title: string, { seconds, cpu, mb, out }: Cost) =>
  console.log(
    `${title}: ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} s of the processor, ${mb.toFixed(0)} MB` +
      (out ? `, counts ${same(out) ? 'exact' : `WRONG ${out}`}` : ''),
  )
await makeStore(environment)
if (!quick) show('dry run', await run(['--dry-run']))
/** About the half of the file: a line of a new account has 62 bytes and its number. */
show('killed in the middle', await run([], rows * 32))
console.log(`bytes of new accounts when it was killed: ${openedBytes()}`)
show('continued to the end', await run([]))
if (!quick) show('a second time', await run([]))
rmSync(directory, { recursive: true })
