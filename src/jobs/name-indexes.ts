import { fillNameIndexes } from '../accounts/name-indexes.ts'
import type { Job } from './runner.ts'

/** Makes the accounts of older versions findable by name, some at a time, so that sign-ins do not wait. */
export const nameIndexes = (deps: Parameters<typeof fillNameIndexes>[0]): Job => ({
  name: 'name indexes',
  yields: true,
  everyMs: 5000,
  run: () => fillNameIndexes(deps),
})
