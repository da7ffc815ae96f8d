import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { notFound } from '../outcome.ts'

export default command({
  fields: { id: idField('portal') },
  access: { role: 'admin', about: 'portal', touches: ['a portal', 'an act without undo'] },
  example: 'npx yideng client delete mXu0Wj5hGk2cQ9Ty',
  async run(context, input) {
    const { clients } = await context.services()
    const deleted = await clients.delete(input.id, context.actor)
    return deleted ? { ok: true, document: { client_id: input.id, deleted: true } } : notFound('portal', input.id)
  },
})
