import { defineConfig } from 'vitest/config'

/** `npm run faults`: what must hold when a part of the system fails. The files run one after another: each needs the whole machine. */
export default defineConfig({
  test: {
    include: ['test/faults/*.fault.ts'],
    setupFiles: ['test/setup/each-file.ts'],
    globalSetup: ['test/setup/what-could-not-run.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    env: { NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  },
})
