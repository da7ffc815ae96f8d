import { defineConfig } from 'vitest/config'

/** `npm run faults`: what must hold when something breaks. One after the other: each wants the machine for itself. */
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
