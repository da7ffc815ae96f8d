import { createChannelAnswers } from '../../channels/channel-answers.ts'
import { readChannels, type Channel } from '../../channels/channels.ts'
import { neverAnswered, type VendorState } from '../../channels/vendor-calls-noted.ts'
import { SettingsError, type Settings } from '../../config/settings.ts'
import type { Services } from '../../services.ts'
import { iso } from '../outcome.ts'
import type { Finding } from './finding.ts'

const what = 'channels'

/** The file of YIDENG_CHANNELS with its keys. */
export function channelFile(settings: Settings): Finding[] {
  const { file } = settings.channels
  if (!file) return []
  try {
    readChannels(settings)
    return [{ state: 'ok', what, finding: file }]
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    const todo = 'correct it: the server does not start with it (docs/channels.md)'
    return [{ state: 'fail', what, finding: error.message, todo }]
  }
}

/** Whether each channel signs people in: its last answers. No vendor is asked. */
export async function channelAnswers({ channels, database, clock }: Services): Promise<Finding[]> {
  if (channels.list.length === 0) return []
  const states = await createChannelAnswers({ database, clock }).read()
  return channels.list.map((channel) => findingOf(channel, states.get(channel.id) ?? neverAnswered))
}

function findingOf({ id, name }: Channel, { succeededAt, failedAt, fault: why }: VendorState): Finding {
  const which = `${name} (${id})`
  const success = succeededAt === null ? 'no success yet' : `last success at ${iso(succeededAt)}`
  if (failedAt === null || failedAt < (succeededAt ?? 0)) return { state: 'ok', what, finding: `${which}: ${success}` }
  const fault = `last failure at ${iso(failedAt)} (${why})`
  return { state: 'warn', what, finding: `${which}: ${fault}, ${success}`, todo: `npx yideng channel check ${id}` }
}
