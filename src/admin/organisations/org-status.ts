import type { LegalPerson } from '../../accounts/legal-persons.ts'
import { command } from '../command.ts'
import { idField } from '../fields.ts'
import { notFound } from '../outcome.ts'

/** A command that sets the status of an organisation. */
export const orgStatus = (verb: 'suspend' | 'resume', status: LegalPerson['status']) =>
  command({
    fields: { id: idField('organisation') },
    access: { role: 'operator', about: 'organisation', touches: ['an organisation'] },
    example: `npx yideng org ${verb} 8a1d3f8e-0b55-4a3c-b0d8-6f6c3b8f1d20`,
    async run(context, { id }) {
      const { legalPersons } = await context.services()
      const changed = await legalPersons.setStatus(id, status, { actor: context.actor })
      return changed ? { ok: true, document: { id, status } } : notFound('organisation', id)
    },
  })
