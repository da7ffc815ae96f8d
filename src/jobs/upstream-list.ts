import { SettingsError, type Settings } from '../config/settings.ts'
import { minuteMs } from '../config/time.ts'
import { endRemovedUpstreams } from '../login/methods/upstream/removed-upstreams.ts'
import type { OpenUpstreams } from '../upstreams/open-upstreams.ts'
import { readUpstreams } from '../upstreams/upstreams.ts'
import type { Job } from './runner.ts'

interface Log {
  info(details: object, message: string): void
  error(details: object, message: string): void
}

/**
 * Reads the file of YIDENG_UPSTREAMS again, in each process. A file that cannot be used leaves the list as it was; its fault is in
 * the log once, and `doctor` shows it.
 */
export function upstreamList(deps: {
  settings: Pick<Settings, 'production' | 'upstreams'>
  upstreams: Pick<OpenUpstreams, 'list' | 'replace'>
  log: Log
}): Job {
  const { settings, upstreams, log } = deps
  let fault: string | undefined
  const shown = () => JSON.stringify(upstreams.list().map(({ id }) => id))

  return {
    name: 'upstream list',
    everyMs: 5000,
    async run() {
      const before = shown()
      try {
        upstreams.replace(readUpstreams(settings))
        if (fault !== undefined || shown() !== before)
          log.info({ upstreams: shown() }, 'the list of upstreams was read again')
        fault = undefined
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error
        if (error.message !== fault) log.error({ reason: error.message }, 'the earlier list of upstreams stays')
        fault = error.message
      }
    },
  }
}

/** Ends the sessions of upstreams that are out of use. While processes with an older list run beside it, this is repeated. */
export const removedUpstreams = (deps: Parameters<typeof endRemovedUpstreams>[0]): Job => ({
  name: 'removed upstreams',
  everyMs: minuteMs / 6,
  run: () => endRemovedUpstreams(deps),
})
