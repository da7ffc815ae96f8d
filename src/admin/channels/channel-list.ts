import { createChannelAnswers } from '../../channels/channel-answers.ts'
import { neverAnswered } from '../../channels/vendor-calls-noted.ts'
import { command } from '../command.ts'
import { iso } from '../outcome.ts'
import { countBound } from './bound.ts'

const time = (at: number | null) => (at === null ? null : iso(at))

export default command({
  fields: {},
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng channel list',
  async run(context) {
    const services = await context.services()
    const { list } = services.channels
    const states = await createChannelAnswers(services).read()
    const bound = await countBound(services, list)
    const document = list.map(({ id, kind, name, appid, namespace, subject, level, clients }) => {
      const { succeededAt, failedAt, fault: failure } = states.get(id) ?? neverAnswered
      return {
        id,
        kind,
        name,
        appid,
        namespace,
        subject,
        level,
        clients,
        people: bound.get(namespace) ?? 0,
        last_success: time(succeededAt),
        last_failure: time(failedAt),
        failure,
      }
    })
    const columns = ['ID', 'KIND', 'NAME', 'LEVEL', 'PEOPLE', 'LAST SUCCESS', 'LAST FAILURE', 'FAILURE']
    const rows = document.map((one) => {
      const { id, kind, name, level, people, last_success, last_failure, failure } = one
      return [id, kind, name, level, people, last_success, last_failure, failure]
    })
    const notes = rows.length > 0 ? [] : ['No channels. YIDENG_CHANNELS names their file: docs/channels.md']
    return { ok: true, document, shown: { columns, rows }, notes }
  },
})
