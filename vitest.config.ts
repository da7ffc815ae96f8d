import { existsSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { filesOfProjects } from './test/setup/projects.ts'

/** In memory where the system offers it: no test file must outlive the run, and disks are slow to confirm writes. */
const temporary = existsSync('/dev/shm') ? { TMPDIR: '/dev/shm' } : {}

const files = filesOfProjects(import.meta.dirname)

export default defineConfig({
  test: {
    setupFiles: ['test/setup/each-file.ts'],
    globalSetup: ['test/setup/what-could-not-run.ts'],
    // ends a test that hangs; a slow machine takes up to 120 s for some, and must not fail them
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 20_000 } }, // one second, the usual limit, is short on a loaded machine
    retry: process.env['CI'] ? 1 : 0, // a change lands on a busy machine; second-tries.ts names those that needed it
    reporters: ['default', './test/setup/second-tries.ts'],
    maxWorkers: 3, // on two cores: one of three waits for a clock or a browser
    isolate: false,
    env: { ...temporary, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
    projects: [
      { extends: true, test: { name: 'unit', include: files.unit } },
      { extends: true, test: { name: 'server', include: files.server } },
      { extends: true, test: { name: 'browser', include: files.browser } },
    ],
  },
})
