import { personIdField } from './person-id-field.ts'
import { namedAccount } from '../duties.ts'
import { notFound } from '../outcome.ts'
import { command } from '../command.ts'
import { withPersonIn } from '../persons/which-person.ts'

export default command({
  fields: { id: personIdField },
  access: { role: 'admin', about: 'administrator', touches: ['removing an administrator'], accounts: namedAccount },
  resolve: (context, input, name) => withPersonIn(context, input, 'id', name),
  example: 'npx yideng admin revoke 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11',
  async run(context, { id }) {
    const { administrators } = await context.services()
    const revoked = await administrators.revoke(id, context.actor)
    return revoked ? { ok: true, document: { id, revoked: true } } : notFound('administrator', id)
  },
})
