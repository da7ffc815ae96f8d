import { defineConfig } from 'vitest/config'
import { report } from './report.ts'
import { total } from './time.ts'

/** `npm run portals`: a person signs in at each example in another language. Needs their runtimes (docs/portals.md). */
export default defineConfig({
  test: {
    include: ['test/portals/*.portal.ts'],
    reporters: ['default', report],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    setupFiles: ['test/setup/each-file.ts'],
    env: {
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning',
      YIDENG_PORTALS_UNTIL: String(Date.now() + total * 1000),
    },
  },
})
