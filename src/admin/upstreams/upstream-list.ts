import { createUpstreamAnswers } from '../../upstreams/upstream-answers.ts'
import { command } from '../command.ts'
import { iso } from '../outcome.ts'
import { countLinked } from './linked.ts'

const time = (at: number | null) => (at === null ? null : iso(at))

export default command({
  fields: {},
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng upstream list',
  async run(context) {
    const services = await context.services()
    const answers = createUpstreamAnswers(services)
    const linked = await countLinked(services)
    const document = await Promise.all(
      services.upstreams.list().map(async ({ id, kind, name, region = null, linking }) => {
        const { succeededAt, failedAt, fault: failure, milliseconds } = await answers.read(id)
        const { people = 0, recently = 0 } = linked.get(id) ?? {}
        return {
          id,
          kind,
          name,
          region,
          linking,
          people,
          people_30_days: recently,
          last_success: time(succeededAt),
          last_failure: time(failedAt),
          failure,
          milliseconds,
        }
      }),
    )
    const columns = [
      'ID',
      'KIND',
      'NAME',
      'REGION',
      'PEOPLE',
      '30 DAYS',
      'LAST SUCCESS',
      'MS',
      'LAST FAILURE',
      'FAILURE',
    ]
    const rows = document.map((one) => {
      const { id, kind, name, region, people, people_30_days: recently, milliseconds } = one
      return [id, kind, name, region, people, recently, one.last_success, milliseconds, one.last_failure, one.failure]
    })
    const notes = rows.length > 0 ? [] : ['No upstreams. YIDENG_UPSTREAMS names their file: docs/upstreams.md']
    return { ok: true, document, shown: { columns, rows }, notes }
  },
})
