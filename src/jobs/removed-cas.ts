import { minuteMs } from '../config/time.ts'
import { endRemovedCas } from '../login/methods/certificate/removed-cas.ts'
import type { Job } from './runner.ts'

/** Ends the sessions of CAs that are out of use. While processes with an older file run beside it, this is repeated. */
export const removedCas = (deps: Parameters<typeof endRemovedCas>[0]): Job => ({
  name: 'removed certificate authorities',
  everyMs: minuteMs / 6,
  run: () => endRemovedCas(deps),
})
