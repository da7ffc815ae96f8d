import { defineConfig } from 'vitest/config'

/** `npm run portals`: the examples in other languages sign somebody in. Their languages have to be there (docs/portals.md). */
export default defineConfig({
  test: {
    include: ['test/portals/*.portal.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    env: { NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  },
})
