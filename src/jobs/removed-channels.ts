import { minuteMs } from '../config/time.ts'
import { endRemovedChannels } from '../login/methods/channel/removed-channels.ts'
import type { Job } from './runner.ts'

/**
 * Ends the sessions of channels that are out of use. The list is read at the start of a process; while processes with an older list run
 * beside it, this is repeated.
 */
export const removedChannels = (deps: Parameters<typeof endRemovedChannels>[0]): Job => ({
  name: 'removed channels',
  everyMs: minuteMs,
  run: () => endRemovedChannels(deps),
})
