import { command } from '../command.ts'
import { namedAccount } from '../duties.ts'
import { idField } from '../fields.ts'
import { notFound } from '../outcome.ts'

/** A command that sets the status of an account. */
export const personStatus = (verb: 'lock' | 'unlock', status: 'active' | 'locked') =>
  command({
    fields: { id: idField('person') },
    access: { role: 'operator', about: 'system', touches: ['the standing of an account'], accounts: namedAccount },
    example: `npx yideng person ${verb} 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11`,
    async run(context, { id }) {
      const { persons } = await context.services()
      const changed = await persons.setStatus(id, status, { actor: context.actor })
      return changed ? { ok: true, document: { id, status } } : notFound('person', id)
    },
  })
