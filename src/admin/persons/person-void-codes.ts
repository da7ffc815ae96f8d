import { failed } from '../outcome.ts'
import { actorWithReason, personCommand, reasonField } from './person-command.ts'

export default personCommand({
  fields: { reason: reasonField },
  access: { role: 'operator', about: 'system', touches: ['an account'] },
  example: 'npx yideng person void-codes 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, input, { id }) {
    const { recovery } = await context.services()
    const voided = await recovery.voidCodes(id, actorWithReason(context, input))
    if (!voided) return failed('This person has no recovery codes.')
    return { ok: true, document: { id, recovery_codes: 0 } }
  },
})
