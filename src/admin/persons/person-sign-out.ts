import { actorWithReason, personCommand, reasonField } from './person-command.ts'
import { noPerson } from './which-person.ts'

export default personCommand({
  fields: { reason: reasonField },
  access: { role: 'operator', about: 'system', touches: ['an account'] },
  example: 'npx yideng person sign-out 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input, { id }) {
    const { persons } = await context.services()
    const ended = await persons.endSignIns(id, actorWithReason(context, input))
    return ended ? { ok: true, document: { id, signed_out: true } } : noPerson
  },
})
