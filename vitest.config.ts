import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** In memory where there is a place for it: what a test writes need not outlive it, and disks are slow to promise. */
const temporary = existsSync('/dev/shm') ? { TMPDIR: '/dev/shm' } : {}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup/each-file.ts'],
    globalSetup: ['test/setup/what-could-not-run.ts'],
    // a test that hangs is to end, none to fail because the machine is slow today: they take up to 120 s then
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 3, // on two cores: one of three waits for a clock or a browser
    isolate: false,
    env: { ...temporary, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  },
})
