import { SettingsError, type Settings } from '../../config/settings.ts'
import type { Services } from '../../services.ts'
import { createUpstreamAnswers, type UpstreamState } from '../../upstreams/upstream-answers.ts'
import { readUpstreams, type Upstream } from '../../upstreams/upstreams.ts'
import { iso } from '../outcome.ts'
import type { Finding } from './finding.ts'

const what = 'upstreams'

/** The file of YIDENG_UPSTREAMS with its keys. */
export function upstreamFile(settings: Settings): Finding[] {
  const { file } = settings.upstreams
  if (!file) return []
  try {
    readUpstreams(settings)
    return [{ state: 'ok', what, finding: file }]
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    const todo = 'correct it: a running server keeps its earlier list, and none starts with it (docs/upstreams.md)'
    return [{ state: 'fail', what, finding: error.message, todo }]
  }
}

/** Whether each upstream signs people in: its last answers. No upstream is asked. */
export async function upstreamAnswers(services: Services): Promise<Finding[]> {
  const answers = createUpstreamAnswers(services)
  const { upstreams } = services
  return Promise.all(upstreams.list().map(async (upstream) => findingOf(upstream, await answers.read(upstream.id))))
}

function findingOf({ id, name }: Upstream, { succeededAt, failedAt, fault: why }: UpstreamState): Finding {
  const which = `${name} (${id})`
  const success = succeededAt === null ? 'no success yet' : `last success at ${iso(succeededAt)}`
  if (failedAt === null || failedAt < (succeededAt ?? 0)) return { state: 'ok', what, finding: `${which}: ${success}` }
  const fault = `last failure at ${iso(failedAt)} (${why})`
  return { state: 'warn', what, finding: `${which}: ${fault}, ${success}`, todo: `npx yideng upstream check ${id}` }
}
