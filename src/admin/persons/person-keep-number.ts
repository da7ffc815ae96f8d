import { failed } from '../outcome.ts'
import { actorWithReason, personCommand, reasonField } from './person-command.ts'

export default personCommand({
  fields: { reason: reasonField },
  access: { role: 'operator', about: 'system', touches: ['the holder of a document number'] },
  example: 'npx yideng person keep-number 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input, person) {
    const { identityProofs } = await context.services()
    const ended = await identityProofs.keepNumber(person, actorWithReason(context, input))
    if (ended === 0) return failed('No waiting period runs to remove the number of this account.')
    return { ok: true, document: { id: person.id, ended } }
  },
})
