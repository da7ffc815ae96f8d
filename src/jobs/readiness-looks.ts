import { isUnavailable } from '../storage/unavailable.ts'
import type { Job } from './runner.ts'

/** Compares clock and keys of this machine with the store. The last result stays while the store does not answer, which /readyz reports. */
export const readinessLooks = (readiness: { look(): Promise<void> }): Job => ({
  name: 'clock and keys',
  everyMs: 5000,
  run: () =>
    readiness.look().catch((error: unknown) => {
      if (!isUnavailable(error)) throw error
    }),
})
