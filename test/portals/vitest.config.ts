import { defineConfig } from 'vitest/config'

/** `npm run portals`: a person signs in at each example in another language. Needs their runtimes (docs/portals.md). */
export default defineConfig({
  test: {
    include: ['test/portals/*.portal.ts'],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    setupFiles: ['test/setup/each-file.ts'],
    env: { NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  },
})
