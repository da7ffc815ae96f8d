// Loaded into a server that is measured: on SIGUSR2 it collects garbage and writes down what it uses.
import { writeFileSync } from 'node:fs'

process.on('SIGUSR2', () => {
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  writeFileSync(process.env['BENCH_MEMORY'], JSON.stringify({ rss, heapUsed, external }))
})
