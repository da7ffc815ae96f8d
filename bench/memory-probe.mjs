// Loaded into a measured server: on SIGUSR2 it collects garbage and writes its memory use to a file.
import { writeFileSync } from 'node:fs'

process.on('SIGUSR2', () => {
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  writeFileSync(process.env['BENCH_MEMORY'], JSON.stringify({ rss, heapUsed, external }))
})
