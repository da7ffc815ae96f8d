import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { singleSignOn } from './flow.ts'
import { collected, collecting, median } from './process.ts'
import { startTarget } from './targets.ts'

/** Checks whether memory grows: runs sequential single sign-on flows, measures after garbage collections. */
const { values: options } = parseArgs({
  options: {
    target: { type: 'string', default: 'embedded' },
    flows: { type: 'string', default: '100000' },
    samples: { type: 'string', default: '20' },
  },
})
const flows = Number(options.flows)
const samples = Number(options.samples)

const directory = mkdtempSync(join(tmpdir(), 'yideng-memory-'))
const file = join(directory, 'memory.json')

spawnSync('taskset', ['-pc', '1', String(process.pid)])
const { target, jars, stop } = await startTarget(options.target, {
  sessions: 32,
  flags: collecting,
  settings: { BENCH_MEMORY: file },
})

const megabytes = (bytes: number) => Math.round(bytes / 1024 / 102.4) / 10
const rows = []
for (let taken = 1; taken <= samples; taken += 1) {
  let left = Math.round(flows / samples)
  const run = async (jar: (typeof jars)[number]) => {
    for (; left > 0; left -= 1) await singleSignOn(target, jar)
  }
  await Promise.all(jars.map(run))
  const { rss, heapUsed, external } = await collected(target.pid, file)
  const row = {
    flows: (taken * flows) / samples,
    heapMB: megabytes(heapUsed),
    externalMB: megabytes(external),
    rssMB: megabytes(rss),
  }
  console.log(row)
  rows.push(row)
}
const half = rows.slice(samples / 2)
const middle = half.length / 2
for (const what of ['heapMB', 'externalMB', 'rssMB'] as const) {
  const [before, after] = [half.slice(0, middle), half.slice(middle)].map((part) =>
    median(part.map((row) => row[what])),
  )
  console.log(`${what}: third quarter ${before}, fourth quarter ${after}`)
}
await stop()
rmSync(directory, { recursive: true })
process.exit(0)
