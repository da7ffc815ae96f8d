import { removeAllTokens } from './tokens.ts'
import { failed } from '../outcome.ts'
import { actorWithReason, personCommand, reasonField } from './person-command.ts'

export default personCommand({
  fields: { reason: reasonField },
  access: { role: 'operator', about: 'system', touches: ['a way into an account'] },
  example: 'npx yideng person remove-tokens 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input, { id }) {
    const services = await context.services()
    const removed = await removeAllTokens(services, id, actorWithReason(context, input))
    if (removed === 0) return failed('This person has no tokens.')
    return { ok: true, document: { id, removed } }
  },
})
