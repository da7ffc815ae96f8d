import { failed } from '../outcome.ts'
import { actorWithReason, personCommand, reasonField } from '../persons/person-command.ts'
import { channelField, noChannel, unbindAll } from './bound.ts'

export default personCommand({
  fields: {
    channel: channelField,
    reason: reasonField,
  },
  access: { role: 'operator', about: 'system', touches: ['an account'] },
  example: 'npx yideng channel unbind 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11 --channel yss --reason "asked by telephone"',
  async run(context, input, { id }) {
    const services = await context.services()
    const channel = services.channels.list.find((one) => one.id === input.channel)
    if (!channel) return noChannel(input.channel)
    const unbound = await unbindAll(services, { personId: id, channel }, actorWithReason(context, input))
    if (unbound === 'last-way-in')
      return failed('It is the last way in of this person.', 'First: npx yideng person reset-password PERSON')
    if (unbound === 0) return failed('This person has bound nothing at this channel.')
    return { ok: true, document: { id, channel: channel.id, unbound } }
  },
})
