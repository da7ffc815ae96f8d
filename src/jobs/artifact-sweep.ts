import type { Artifacts } from '../storage/artifacts.ts'
import type { Job } from './runner.ts'

/** Removes expired artifacts from the embedded store; Redis expires its own. */
export const artifactSweep = (artifacts: Pick<Artifacts, 'sweep'>): Job => ({
  name: 'artifact sweep',
  yields: true,
  everyMs: 10_000,
  run: () => artifacts.sweep(),
})
