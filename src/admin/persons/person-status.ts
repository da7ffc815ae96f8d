import { namedAccount } from '../duties.ts'
import { actorWithReason, personCommand, reasonField } from './person-command.ts'
import { noPerson } from './which-person.ts'

/** A command that sets the status of an account. */
export const personStatus = (verb: 'lock' | 'unlock', status: 'active' | 'locked') =>
  personCommand({
    fields: { reason: reasonField },
    access: { role: 'operator', about: 'system', touches: ['the standing of an account'], accounts: namedAccount },
    example: `npx yideng person ${verb} 3f0c6a52-58b1-4b5c-9e53-8f1f9b8f7c11`,
    async run(context, input, { id }) {
      const { persons } = await context.services()
      const changed = await persons.setStatus(id, status, actorWithReason(context, input))
      return changed ? { ok: true, document: { id, status } } : noPerson
    },
  })
