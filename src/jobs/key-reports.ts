import { isUnavailable } from '../storage/unavailable.ts'
import type { Job } from './runner.ts'

/** Tells the other machines which keys this one has. While the store does not answer, no machine rotates a key. */
export const keyReports = (reports: { report(): Promise<void> }): Job => ({
  name: 'key reports',
  everyMs: 5000,
  run: () =>
    reports.report().catch((error: unknown) => {
      if (!isUnavailable(error)) throw error
    }),
})
