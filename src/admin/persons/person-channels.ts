import { boundBy } from '../channels/bound.ts'
import { iso } from '../outcome.ts'
import { personCommand } from './person-command.ts'

export default personCommand({
  fields: {},
  access: { role: 'viewer', about: 'system', touches: ['what may be seen'] },
  example: 'npx yideng person channels 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, _input, { id }) {
    const { authenticators, channels } = await context.services()
    const document = (await boundBy({ authenticators }, id)).map(({ authenticator, namespace, channel, level }) => {
      const { createdAt, lastUsedAt, heldAt } = authenticator
      return {
        id: authenticator.id,
        bound_by: channel,
        // the channels that sign the person in by this binding
        channels: channels.list.filter((one) => one.namespace === namespace).map((one) => one.id),
        namespace,
        level,
        held: heldAt !== null,
        bound_at: iso(createdAt),
        last_used_at: lastUsedAt === null ? null : iso(lastUsedAt),
      }
    })
    const columns = ['ID', 'BOUND BY', 'CHANNELS', 'LEVEL', 'HELD', 'BOUND', 'LAST USED']
    const rows = document.map((one) => {
      const { bound_by, channels: ids, level, held, bound_at, last_used_at } = one
      return [one.id, bound_by, ids.join(' '), level, held ? 'yes' : 'no', bound_at, last_used_at]
    })
    return {
      ok: true,
      document,
      shown: { columns, rows },
      notes: rows.length > 0 ? [] : ['This person has bound no channel.'],
    }
  },
})
